"""What draws a page inside the sandbox: ``python -m documents.extract.page_child PAGE LIMITS``.

The file comes on standard input. Standard output gets one line of JSON, then the
text of the page, the edges of its characters and the pixels, each as long as that
line says. Nothing goes to standard error.
"""

from __future__ import annotations

import array
import json
import sys

from documents.errors import CorruptFile, ProductError, TooComplex
from documents.extract.confinement import confine, die_with
from documents.extract.pdf_page import Drawing, Wanted, draw


def main(arguments: list[str]) -> int:
    """Draw the page ``arguments[0]`` (JSON of ``Wanted``) under the limits ``arguments[1]``."""
    wanted, limits = Wanted(**json.loads(arguments[0])), json.loads(arguments[1])
    die_with(int(limits["parent"]))
    confine(int(limits["memory"]), int(limits["cpu"]))
    data = sys.stdin.buffer.read()
    try:
        _send(draw(data, wanted))
    except ProductError as error:
        _fail(error.code)
    except (MemoryError, RecursionError):
        _fail(TooComplex.code)
    except Exception:  # noqa: BLE001 - whatever PDFium raises, the file is what is wrong
        _fail(CorruptFile.code)
    return 0


def _fail(code: str) -> None:
    sys.stdout.buffer.write(json.dumps({"error": code}).encode() + b"\n")
    sys.stdout.buffer.flush()


def _send(drawing: Drawing) -> None:
    letters = drawing.letters
    text = letters.text.encode()
    head = {
        "size": [drawing.width, drawing.height],
        "page": [letters.width, letters.height],
        "text": len(text),
        "characters": len(letters.text),
        "pixels": len(drawing.pixels),
    }
    out = sys.stdout.buffer
    out.write(json.dumps(head).encode() + b"\n")
    out.write(text)
    out.write(array.array("I", letters.edges).tobytes())
    out.write(drawing.pixels)
    out.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
