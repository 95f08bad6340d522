"""Web config files: each fault named with its file, none that quotes a secret."""

import ssl
from pathlib import Path

import pytest

from regwatch.web.webconfig import WebConfigError, load_web_config

TLS = Path(__file__).parent / "tls"
HASH = "$2y$05$CwTycUXWue0Thq9StjUM0uJ8Uk3d4cE9o5wW6lqJ0bS1eFh0n5g6K"
COSTLY, CHEAP = (f"$2b${cost}${HASH[7:]}" for cost in ("17", "03"))


def written(folder: Path, text: str) -> Path:
    path = folder / "web.yml"
    path.write_text(text)
    return path


def test_an_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    config = load_web_config(written(tmp_path, ""))
    assert (config.tls, config.users) == (None, {})


def test_both_sections_with_names_relative_to_the_file() -> None:
    path = TLS.parent / "tls" / "web.yml"
    config = load_web_config(path)
    assert config.tls is not None
    assert config.tls.minimum_version is ssl.TLSVersion.TLSv1_2
    assert config.users == {"prometheus": HASH.encode()}
    assert HASH not in repr(config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "the file must be a mapping"),
        ("basic_auth: {}", "unknown: `basic_auth`; known here: `basic_auth_users`, `tls_"),
        ("1: 2", "the key 1 must be text; quote it"),
        ("a: [", "line 1: "),
        ("a: \x07", "characters that YAML does not allow"),
        ("basic_auth_users: {a: x}\nbasic_auth_users: {}", "line 2: the key `basic_auth_users` st"),
        ("basic_auth_users: [a]", "`basic_auth_users` must be a mapping"),
        ("basic_auth_users: {bob: secret}", "`basic_auth_users.bob` must be the bcrypt hash"),
        ("basic_auth_users: {bob: 12}", "`basic_auth_users.bob` must be the bcrypt hash"),
        (f"basic_auth_users: {{bob: {COSTLY}}}", "`basic_auth_users.bob`: bcrypt's cost must be"),
        (f"basic_auth_users: {{bob: {CHEAP}}}", "bcrypt's cost must be 4 to 16"),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "the name 'a:b' is empty or has a colon"),
        (f'basic_auth_users: {{"bob\\u200b": {HASH}}}', "or holds a character that is not seen"),
        ("a: !!bool maybe", "holds what cannot be read"),
        ("a: !!int ''", "holds what cannot be read"),
        ("a: !!timestamp x", "holds what cannot be read"),
        ("tls_server_config: {}", "`tls_server_config.cert_file` must name a file"),
        ("tls_server_config: {cert_file: 3}", "`tls_server_config.cert_file` must name a file"),
        (
            "tls_server_config: {client_ca_file: x}",
            "unknown: `tls_server_config.client_ca_file`; known here: `tls_server_config.cert",
        ),
        (
            "tls_server_config: {cert_file: none.pem, key_file: none.pem}",
            "none.pem cannot be read: no such file or directory",
        ),
        (
            f"tls_server_config: {{cert_file: {TLS}/cert.pem, key_file: {TLS}/cert.pem}}",
            "are no matching certificate and key in PEM",
        ),
        (
            f"tls_server_config: {{cert_file: {TLS}/cert.pem, key_file: {TLS}/encrypted-key.pem}}",
            "are no matching certificate and key in PEM",
        ),
    ],
)
def test_each_fault_is_named_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(WebConfigError) as caught:
        load_web_config(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in caught.value.message
    assert "secret" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(WebConfigError, match="cannot be read: no such file"):
        load_web_config(tmp_path / "none.yml")
    (tmp_path / "latin.yml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(WebConfigError, match="it is not UTF-8"):
        load_web_config(tmp_path / "latin.yml")
