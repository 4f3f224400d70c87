"""PDF files written by hand, object by object, so that tests know every byte of them."""


def pdf(*contents: str, fonts: bool = True) -> bytes:
    """Return a PDF with one page for each content stream."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(contents)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    for number, content in enumerate(contents):
        resources = "<< /Font << /F1 3 0 R >> >>" if fonts else "<< >>"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R "
            f"/Resources {resources} >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return out


def text_at(x: float, y: float, text: str, size: float = 11, color: str = "0 0 0") -> str:
    """Return the operators that print a text."""
    return f"BT {color} rg /F1 {size} Tf {x} {y} Td ({text}) Tj ET"


def dot_at(x: float, y: float) -> str:
    """Return the operators that draw a bullet as a shape."""
    return f"0 0 0 rg {x} {y} 3 3 re f"
