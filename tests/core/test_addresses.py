import pytest

from regwatch.core.addresses import host_of


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("sip:203.0.113.7:62338", "203.0.113.7"),
        ("sip:000*002@192.168.5.52:5062", "192.168.5.52"),
        ("sip:101@192.0.2.7:5062;transport=tcp", "192.0.2.7"),
        ("sips:101@pbx.Example.com?x=y", "pbx.example.com"),
        ("<sip:101@192.0.2.7>;expires=60", "192.0.2.7"),
        ("sip:101@[2001:DB8::1]:5060", "2001:db8::1"),
        ("sip:2001:db8::1", "2001:db8::1"),
        ("192.0.2.7:5060", "192.0.2.7"),
        ("user:password@192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("sip:", ""),
        ("n/a", "n/a"),
    ],
)
def test_the_host_of_whatever_a_phone_sends(uri: str, host: str) -> None:
    assert host_of(uri) == host
