"""A clean Debian 12 that runs its own systemd as process 1, in namespaces of this machine.

Needs root, and mmdebstrap. Its network is its own loopback: Python's packages come from a folder.
"""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from fakes.debian import program
from fakes.patience import PATIENCE

PACKAGES = "systemd,systemd-sysv,dbus,sudo,nano,python3-venv,ca-certificates"
WHEELS = "/var/wheels"
LOOK_SECONDS = 0.1
NAMESPACES = ("--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup")
UNSHARE = ("unshare", "--fork", "--kill-child=KILL", *NAMESPACES)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Without a root of its own by pivot_root, units that ask for a namespace of mounts fail (226);
# without shared mounts, their credentials are not where they look for them.
BOOT = """
set -e
mount --make-rprivate /
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount -t sysfs sysfs "$0/sys"
mount -t tmpfs tmpfs "$0/run"
mount --rbind /dev "$0/dev"
ip link set lo up
hostname bookworm
mkdir -p "$0/before"
cd "$0"
pivot_root . before
cd /
umount -l /before
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


class Machine:
    """One that runs."""

    def __init__(self, root: Path, unshare: subprocess.Popen[bytes]) -> None:
        self.root = root
        self._unshare = unshare

    @property
    def pid(self) -> int:
        """Its process 1, as this machine counts."""
        children = Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children")
        return int(children.read_text().split()[0])

    def inside(self, *command: str, user: str = "root") -> list[str]:
        """The command that runs one in there, as this user."""
        entered = ["nsenter", "-t", str(self.pid), "-a", "env", "-i", "TERM=xterm", f"USER={user}"]
        path = f"PATH={PATH}"
        return [*entered, path, "LANG=C.UTF-8", "runuser", "-u", user, "--", *command]

    def run(self, command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Output and errors in one, as a terminal shows them."""
        return subprocess.run(
            self.inside("sh", "-c", f"cd /; {command}", user=user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def succeed(self, command: str) -> None:
        """The same, by bash; it must go well."""
        done = self.run(f"bash -c {shlex.quote(command)}")
        assert done.returncode == 0, done.stdout

    @property
    def has_booted(self) -> bool:
        """Every unit that is to start has started, or failed."""
        state = self.run("systemctl is-system-running").stdout.strip()
        return state in {"running", "degraded"}


@contextmanager
def booted(folder: Path, source: Path) -> Iterator[Machine]:
    """A machine whose files are under the folder, and go with it; `source` is /home/admin/regwatch.

    Its user `admin` may use sudo without a password.
    """
    root = folder / "root"
    root.mkdir()
    subprocess.run(["tar", "-C", root, "-xf", base()], check=True)
    furnish(root, source)
    groups = control_groups()
    unshare = subprocess.Popen(
        [*UNSHARE, "sh", "-c", BOOT, str(root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        machine = Machine(root, unshare)
        until(lambda: has_child(unshare.pid))
        until(lambda: machine.has_booted)
        yield machine
    finally:
        unshare.send_signal(signal.SIGKILL)
        unshare.wait()
        remove_groups(control_groups() - groups)


def furnish(root: Path, source: Path) -> None:
    """Give it a user, the sources, and all packages that they need."""
    chroot = ["chroot", str(root)]
    subprocess.run([*chroot, "useradd", "-m", "-s", "/bin/bash", "admin"], check=True)
    sudoers = root / "etc/sudoers.d/admin"
    sudoers.write_text("admin ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)
    (root / "etc/hostname").write_text("bookworm\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost bookworm\n")
    wheels = root / WHEELS.removeprefix("/")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels)]
    subprocess.run([*download, f"{source}[uvloop]", "hatchling"], check=True)
    (root / "etc/pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {WHEELS}\n")
    home = root / "home/admin/regwatch"
    home.mkdir()
    tree = subprocess.run(
        ["git", "-C", source, "archive", "HEAD"], stdout=subprocess.PIPE, check=True
    )
    subprocess.run(["tar", "-C", home, "-x"], input=tree.stdout, check=True)
    subprocess.run([*chroot, "chown", "-R", "admin:", "/home/admin"], check=True)


def base() -> Path:
    """The clean system as an archive: made once, since it takes half a minute."""
    kept = Path(os.environ.get("XDG_CACHE_HOME", "/var/tmp")) / "regwatch-bookworm.tar"
    if not kept.exists():
        making = kept.with_suffix(".new.tar")
        mmdebstrap = program("mmdebstrap")
        command = [mmdebstrap, "--quiet", "--variant=minbase", f"--include={PACKAGES}"]
        subprocess.run([*command, "bookworm", str(making)], check=True)
        shutil.move(making, kept)
    return kept


def until(holds: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / LOOK_SECONDS)):
        if holds():
            return
        sleep(LOOK_SECONDS)
    raise AssertionError("it did not come")


def has_child(pid: int) -> bool:
    return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def control_groups() -> frozenset[Path]:
    """Those at the top of each hierarchy, where a systemd makes its own."""
    return frozenset(path for path in Path("/sys/fs/cgroup").glob("*/*") if path.is_dir())


def remove_groups(groups: frozenset[Path]) -> None:
    """Nothing else does, and empty ones stay for ever. Those with processes can't be removed."""
    for top in groups:
        until(lambda top=top: not any(path.read_text() for path in top.rglob("cgroup.procs")))
        for path in sorted((top, *top.glob("**/*/")), reverse=True):
            path.rmdir()
