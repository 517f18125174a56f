"""Small real files to answer file questions with in examples."""

import struct
import zlib
from pathlib import PurePath

_PDF_OBJECTS = (
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    b"/Resources << /Font << /F1 5 0 R >> >> >>",
    b"<< /Length 42 >>\nstream\nBT /F1 24 Tf 72 760 Td (Sample file) Tj ET\nendstream",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
)


def sample_file(name: str) -> bytes:
    """Return the bytes of a small file of the kind that the name's ending says."""
    made = {".pdf": _pdf, ".png": _png, ".wav": _wav}.get(PurePath(name).suffix.lower())
    return made() if made is not None else b"Sample file\n"


def _pdf() -> bytes:
    """Return a PDF of one page (ISO 32000-1 §7.5)."""
    body = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, written in enumerate(_PDF_OBJECTS, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, written)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(offsets) + 1
    return bytes(body) + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (count, table, count, len(body))
    )


def _png(width: int = 32, height: int = 32) -> bytes:
    """Return a PNG of one colour (RFC 2083)."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\x1f\x6f\xb5" * width) * height)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _wav(rate: int = 8000) -> bytes:
    """Return a tenth of a second of silence."""
    samples = b"\x80" * (rate // 10)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(form) + len(data), b"WAVE") + form + data
