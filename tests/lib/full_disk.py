"""A disk that fills, as far as a limit of POSIX can stand for it."""

import contextlib


@contextlib.contextmanager
def full_after(size: int):
    """No file can grow beyond `size` bytes."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
