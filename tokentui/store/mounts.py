"""Which file system a folder lies on, by the kernel's own table of mounts.

`statfs` names 9p and FUSE mounts wrongly or not at all, so /proc/self/mountinfo is read (proc(5)).
"""

from __future__ import annotations

import os
import re

MOUNTINFO = "/proc/self/mountinfo"

# Across machines, or across the border of a virtual machine: no memory is shared by those who open
# a file there, and locks may reach only one of them.
_NETWORK = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "coda", "ceph", "lustre", "glusterfs", "gfs2",
    "ocfs2", "orangefs", "pvfs2", "beegfs", "gpfs", "davfs", "autofs",
    "9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "fakeowner", "drvfs",
}

# FUSE may be anything (sshfs, rclone, s3fs …); only these are known to keep their files here.
_LOCAL_FUSE = {
    "fuseblk", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.encfs", "fuse.gocryptfs", "fuse.cryfs",
    "fuse.mergerfs", "fuse.bindfs", "fuse.fuse-overlayfs",
}

_ORDINARY = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "ramfs", "bcachefs", "jfs"}

_ESCAPED = re.compile(rb"\\([0-7]{3})")


def file_system_of(folder: str, mountinfo: str = MOUNTINFO) -> str:
    """Return the type of the file system `folder` lies on: `ext4`, `nfs4`, `fuse.sshfs` …

    The mount point with the longest common path counts, of two at the same point the later one,
    which hides the other. Empty when the table cannot be read (not Linux).
    """
    try:
        with open(mountinfo, "rb") as table:
            lines = table.read().splitlines()
    except OSError:
        return ""
    target = os.fsencode(os.path.realpath(folder)).rstrip(b"/") + b"/"
    best, kind = -1, ""
    for line in lines:
        # 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        before, dash, after = line.partition(b" - ")
        fields, kinds = before.split(b" "), after.split(b" ")
        if not dash or len(fields) < 5:
            continue
        point = _ESCAPED.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), fields[4]).rstrip(b"/") + b"/"
        if target.startswith(point) and len(point) >= best:
            best, kind = len(point), os.fsdecode(kinds[0])
    return kind


def is_network(kind: str) -> bool:
    """Whether files of this type of file system may be open on another machine, too."""
    return kind in _NETWORK or (kind.startswith("fuse") and kind not in _LOCAL_FUSE)


def is_ordinary(kind: str) -> bool:
    """Whether this type of file system is known to carry SQLite's write-ahead log."""
    return kind in _ORDINARY
