"""The job: appends its number and the time to a file, 16 bytes at once, so that processes do not mix."""
import os
import struct
import time

_file = None


def record(n):
    global _file
    if _file is None or _file[1] != os.getpid():
        _file = (os.open(os.environ["BENCH_RECORDS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT), os.getpid())
    os.write(_file[0], struct.pack("<QQ", n, time.time_ns()))
