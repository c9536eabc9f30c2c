"""Forbid system calls that no decoder needs: opening sockets and starting programs.

The kernel enforces the filter (seccomp, https://docs.kernel.org/userspace-api/seccomp_filter.html), which cannot be
removed. So native code that a hostile file has taken over cannot reach the network.
"""

import ctypes
import errno
import platform
import struct

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_LOAD, _EQUAL, _NOT_BELOW, _RETURN = 0x20, 0x15, 0x35, 0x06  # opcodes: ld [k], jeq k, jge k, ret k
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000 | errno.EACCES
_FIRST_X32_CALL = 0x40000000
# Per machine: AUDIT_ARCH, and the numbers of socket, execve, execveat and io_uring_setup.
_CALLS = {"x86_64": (0xC000003E, (41, 59, 322, 425)), "aarch64": (0xC00000B7, (198, 221, 281, 425))}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def forbid_system_calls() -> bool:
    """Make the calls in _CALLS fail with EACCES from now on. Return False if the machine or kernel cannot do this.

    The process must have set PR_SET_NO_NEW_PRIVS.
    """
    if platform.machine() not in _CALLS:
        return False
    code = _filter(*_CALLS[platform.machine()])
    program = _Program(len(code) // 8, code)
    libc = ctypes.CDLL(None)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(architecture: int, calls: tuple[int, ...]) -> bytes:
    """Return the BPF program. Each jump (code, jt, jf, k) skips jt instructions if the comparison is true, else jf."""
    after = len(calls) + 1
    program = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 0, after + 2, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_NOT_BELOW, after, 0, _FIRST_X32_CALL),
        *((_EQUAL, after - 1 - place, 0, call) for place, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _FAIL),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
