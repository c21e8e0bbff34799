"""The worker of care out of area as a process, or a new key.

python -m openyibao.service.portability              see `worker`
python -m openyibao.service.portability key NAME     a line for the environment, and the public key for the peers
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType


def main() -> None:
    """Run in this process until SIGTERM or SIGINT."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openyibao.service.settings")
    django.setup()
    from django.conf import settings

    from openyibao.service import logs
    from openyibao.service.portability.worker import run

    logs.configure(level=settings.LOG_LEVEL)
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    run(stop)


def new_key(name: str) -> None:
    """Print a new key. The private part stands in one line, for the environment of this platform alone."""
    from openyibao.service.gateway import sm2

    private = sm2.new_private()
    print(f"YIBAO_REGION_KEY={name}:{private.hex()}")
    print(f"identifier / 标识: {name}\npublic key / 公钥: {sm2.public_of(private).hex()}", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["key"] and len(sys.argv) == 3 and ":" not in sys.argv[2]:
        new_key(sys.argv[2])
    elif sys.argv[1:]:
        sys.exit("用法 / usage: python -m openyibao.service.portability [key NAME]")
    else:
        main()
