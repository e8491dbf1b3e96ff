"""The process that decodes one image and ends: `python -m shop.adapters.images.child`.

Images can attack what decodes them: by their size, and through faults of decoders. So this process
has little memory and time, no files and no secrets. It reads the image from its standard input, and
writes one line of JSON and then the encoded images, or the reason why there are none.

It imports hardly anything of the shop, so that it starts quickly.
"""

import json
import sys
from collections.abc import Sequence

from shop.adapters.images.child_messages import NOT_AN_IMAGE, TOO_LARGE

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
OPEN_FILES = 64


def main(arguments: Sequence[str]) -> None:
    """Encode the image on the standard input, or resize it to some widths."""
    _limit_this_process()
    from shop.adapters.images.decoding import RejectedImage, encode

    command, *widths = arguments
    head: dict[str, object]
    try:
        encoded = list(encode(sys.stdin.buffer.read(), command, [int(each) for each in widths]))
    except RejectedImage as rejected:
        head, encoded = {"rejected": str(rejected)}, []
    except MemoryError:
        head, encoded = {"rejected": TOO_LARGE}, []
    except Exception:  # noqa: BLE001  A decoder may raise anything about what is not an image.
        head, encoded = {"rejected": NOT_AN_IMAGE}, []
    else:
        head = {"images": [[width, height, len(content)] for width, height, content in encoded]}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n")
    for _, _, content in encoded:
        sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _limit_this_process() -> None:
    if sys.platform != "win32":
        import resource

        for limit, amount in (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(limit, (amount, amount))


if __name__ == "__main__":
    main(sys.argv[1:])
