"""Strange inputs: texts, documents of every format, bombs, and what traps regular expressions."""

import io
import json
import random
import re
import string
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rag.settings import resource

ODD = (
    "\x00\x01\x07\x08\x0b\x0c\x1b\x7f\x85\xa0\xad\u0130\u0131\u0307\u200b\u200d\u200e\u2028\u2029"
    "\u202e\u2066\u3000\ufeff\ufffd\uffff\U0001f600\U0001f468\U000e0041\U0010ffff\ud800\udc00ﬁﷺ"
)
PIECES = (
    *"The talks in Miami began on December 14, 2025 . ! ? … “ ” ’ ( ) [1] [2] -".split(" "),
    *"Mr. U.S. e.g. $1,000.50 75% 3.5m 2025-12-31 31/12/2025 12:30".split(),
    *"<b> </b> <!-- --> & &amp;".split(),
    *"# ## - * > ``` | --- [a](b) ![x](y) {} {{}} {0} %s \\n \\x00 ' \" ; DROP TABLE".split(" "),
    *"Зеленський 北京 القاهرة Ünal İstanbul ẞ ﬁn 800 000 who when how many why".split(" "),
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    " ",
)
NEWS = (
    *"""President Prime Minister Foreign Secretary Governor Queen Mayor Chief Staff Deputy Dr Mr Mrs
    Sir Ada Novak Rubio van de al-Thani Qatar Turkey US U.S. Bank Affairs Union NBS of of of for for
    and and & the the The a his her their he she they it who which that said says told according to
    as by citing quoted saying statement spokesman minister president court police company report
    not no has had was is will would may if but while after before until since in in on at from with
    than more less about one two 15 5% 2,000 Monday December 2025 1.5m Reuters (Reuters) 's ’s
    Novak's former new asked answered rejected agreed denied began ended rose fell killed won lost
    signed what when how many , , , . . . ; : — – “ ” ( ) ? !""".split(),
    "\n",
)
Draw = random.Random


def news(draw: Draw, longest: int = 60) -> str:
    """Give words of the news in no order: what the rules about speakers and sides listen to."""
    told = " ".join(draw.choices(NEWS, k=draw.randint(1, longest)))
    return re.sub(r" (?=[,.;:?!)”]|['’]s)", "", told)


def garbled(text: str, draw: Draw) -> str:
    """Give a text with some of its words gone, said twice, in another place or another's."""
    words = text.split(" ")
    for _ in range(draw.randint(1, 6)):
        at, other = draw.randrange(len(words)), draw.randrange(len(words))
        way = draw.randrange(4)
        if way == 0 and len(words) > 1:
            del words[at]
        elif way == 1:
            words.insert(at, draw.choice(NEWS))
        elif way == 2:
            words[at], words[other] = words[other], words[at]
        else:
            words[at] = words[other]
    return " ".join(words)


def text(draw: Draw, longest: int = 400) -> str:
    """Give a text of words, marks and odd characters."""
    many = draw.randint(0, draw.choice((3, 12, longest // 5)))
    parts = []
    for _ in range(many):
        kind = draw.random()
        if kind < 0.7:
            parts.append(draw.choice(PIECES))
        elif kind < 0.85:
            parts.append("".join(draw.choices(ODD, k=draw.randint(1, 4))))
        elif kind < 0.95:
            parts.append("".join(draw.choices(string.printable, k=draw.randint(1, 12))))
        else:
            parts.append(draw.choice(PIECES) * draw.randint(2, 60))
    return draw.choice(("", " ", " ", " ")).join(parts)[: longest * 4]


def mutated(data: bytes, draw: Draw) -> bytes:
    """Change bytes: flip, cut out, repeat, insert, splice."""
    made = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        if not made:
            return draw.randbytes(8)
        at = draw.randrange(len(made))
        many = draw.choice((1, 1, 2, 8, 64))
        way = draw.randrange(6)
        if way == 0:
            made[at] ^= 1 << draw.randrange(8)
        elif way == 1:
            del made[at : at + many]
        elif way == 2:
            made[at:at] = made[at : at + many] * draw.choice((1, 2, 50))
        elif way == 3:
            made[at:at] = draw.randbytes(many)
        elif way == 4:
            made[at : at + 1] = draw.choice(
                (b"\xff\xfe", b"\x00", b"<", b"-->", b"]]>", b"{", b'"')
            )
        else:
            del made[at:]
    return bytes(made)


def pdf(lines: list[str], *, deflate: bool = False) -> bytes:
    """Write a PDF of one page by hand."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 10 Tf 14 TL 50 700 Td {shown} ET".encode("latin-1", "replace")
    packed = zlib.compress(stream) if deflate else stream
    how = b"/Filter /FlateDecode " if deflate else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< %s/Length %d >> stream\n%s\nendstream" % (how, len(packed), packed),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    return _pdf_of(objects)


def _pdf_of(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return (
        out
        + head
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (
            size,
            len(out),
        )
    )


def docx(paragraphs: list[str]) -> bytes:
    """Write a DOCX."""
    from docx import Document

    document, out = Document(), io.BytesIO()
    for line in paragraphs:
        document.add_paragraph(line)
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).text = "EU"
    document.save(out)
    return out.getvalue()


def parquet(rows: list[dict[str, Any]]) -> bytes:
    """Write a Parquet file."""
    import pyarrow
    from pyarrow import parquet as writer

    out = io.BytesIO()
    writer.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def documents() -> Mapping[str, list[bytes]]:
    """Give sound documents of every format, to be mutated."""
    article = next(iter(sorted(resource("seeds").glob("*.txt")))).read_text("utf-8")[:1500]
    lines = article.split("\n")[:6]
    page = "".join(f"<p>{line}</p>" for line in lines)
    html = (
        '<html><head><title>T</title><meta charset="utf-8"><meta name="date" content="2025-12-20">'
        '<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","datePublished":'
        f'"2025-12-20"}}]}}</script></head><body><article><h1>T</h1><time datetime="2025-12-20">x'
        f'</time>{page}<p style="display:none">no</p><table><tr><td>1</td></tr></table></article>'
    )
    markdown = "---\ntitle: T\ndate: 2025-12-20\ntags: [a, b]\n---\n# T\n\n" + "\n\n".join(lines)
    markdown += (
        "\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n<div>html</div>\n"
    )
    rows = [
        {"id": n, "title": "T", "date": "2025-12-20", "text": line} for n, line in enumerate(lines)
    ]
    return {
        ".txt": [article.encode(), article.encode("utf-16"), article.encode("cp1252", "replace")],
        ".md": [markdown.encode()],
        ".html": [html.encode()],
        ".jsonl": ["\n".join(json.dumps(row) for row in rows).encode()],
        ".pdf": [pdf(["Talks go on.", "No peace yet."]), pdf(["Talks."] * 20, deflate=True)],
        ".docx": [docx(lines)],
        ".parquet": [parquet(rows)],
    }


# ------------------------------------------------------------ bombs


def _zipped(names: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return out.getvalue()


def _docx_with(document: bytes) -> bytes:
    """A DOCX whose main part is this."""
    made = io.BytesIO(docx(["x"]))
    with zipfile.ZipFile(made) as archive:
        names = {name: archive.read(name) for name in archive.namelist()}
    return _zipped(names | {"word/document.xml": document})


def _lying_docx() -> bytes:
    """A DOCX whose directory says that a part of 300 MB has 1000 bytes."""
    data = bytearray(_docx_with(b"<w:document>" + b" " * 300_000_000))
    true = (300_000_012).to_bytes(4, "little")
    while (at := data.find(true)) >= 0:
        data[at : at + 4] = (1000).to_bytes(4, "little")
    return bytes(data)


def _laughs(depth: int = 9) -> bytes:
    entities = '<!ENTITY a0 "ha">'
    entities += "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, depth))
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f"<w:body><w:p><w:r><w:t>&a{depth - 1};</w:t></w:r></w:p></w:body>"
    return (
        f'<?xml version="1.0"?><!DOCTYPE d [{entities}]><w:document xmlns:w="{space}">{body}'
        "</w:document>"
    ).encode()


def _pdf_bomb(size: int) -> bytes:
    """A page whose stream unfolds to so many bytes, twice over."""
    inner = zlib.compress(zlib.compress(b"(x) Tj " * (size // 7), 9), 9)
    stream = b"<< /Filter [/FlateDecode /FlateDecode] /Length %d >> stream\n%s\nendstream" % (
        len(inner),
        inner,
    )
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << >> >>"
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    return _pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, stream])


def _pdf_loop() -> bytes:
    """Pages that are their own children."""
    pages = b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"
    return _pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages])


def _pdf_many_pages() -> bytes:
    """One page named a million times."""
    pages = b"<< /Type /Pages /Kids [%s] /Count 1000000 >>" % (b"3 0 R " * 1_000_000)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << >> >>"
    return _pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page])


def bombs() -> Mapping[str, tuple[str, Callable[[], bytes]]]:
    """Give documents that unfold, nest or repeat without end: name -> (suffix, maker)."""
    deep = 200_000
    return {
        "DOCX that unfolds to 300 MB": (".docx", lambda: _docx_with(b" " * 300_000_000)),
        "DOCX that lies about its size": (".docx", _lying_docx),
        "DOCX with a billion laughs": (".docx", lambda: _docx_with(_laughs())),
        "DOCX with deep nesting": (".docx", lambda: _docx_with(b"<a>" * deep + b"</a>" * deep)),
        "PDF that unfolds to 100 MB": (".pdf", lambda: _pdf_bomb(100_000_000)),
        "PDF that unfolds to 2 GB": (".pdf", lambda: _pdf_bomb(2_000_000_000)),
        "PDF that is its own child": (".pdf", _pdf_loop),
        "PDF with a million pages": (".pdf", _pdf_many_pages),
        "PDF with deep arrays": (".pdf", lambda: _pdf_of([b"[" * deep + b"]" * deep])),
        "HTML with deep nesting": (".html", lambda: b"<div>" * deep + b"x" + b"</div>" * deep),
        "HTML with many attributes": (".html", lambda: b"<p " + b"a=1 " * 500_000 + b">x</p>"),
        "HTML with open tags": (".html", lambda: b"<p><b><i>" * deep),
        "HTML with open comments": (".html", lambda: b"<p>x</p>" + b"<!--" * 500_000),
        "Markdown with deep quotes": (".md", lambda: b">" * deep + b" x"),
        "Markdown with open brackets": (".md", lambda: b"[" * deep),
        "Markdown with open stars": (".md", lambda: b"*a **b " * 50_000),
        "Markdown with nested lists": (
            ".md",
            lambda: b"".join(b" " * n + b"- x\n" for n in range(2000)),
        ),
        "Markdown with backticks": (".md", lambda: b"".join(b"`" * n + b" " for n in range(1500))),
        "Markdown with open comments": (".md", lambda: b"x <!--" * 100_000),
        "Markdown with open tags": (".md", lambda: b"\n\n<div <" * 100_000),
        "Markdown with YAML laughs": (".md", _yaml_laughs),
        "Markdown with deep YAML": (".md", lambda: b"---\na: " + b"[" * deep + b"\n---\nx"),
        "JSON with deep nesting": (".jsonl", lambda: b'{"text":' + b"[" * deep),
        "JSON with a deep title": (
            ".jsonl",
            lambda: b'{"text":"x","title":' + b"[" * 900 + b"]" * 900 + b"}",
        ),
        "JSON with a large number": (".jsonl", lambda: b'{"text":"x","id":' + b"9" * 5000 + b"}"),
        "JSON with a long date": (
            ".jsonl",
            lambda: b'{"text":"x","date":"' + b"1 " * 10**6 + b'"}',
        ),
        "Parquet with one text many times": (
            ".parquet",
            lambda: parquet([{"text": "Talks go on. " * 1000}] * 100_000),
        ),
        "Parquet with a text of 210 MB": (
            ".parquet",
            lambda: parquet([{"text": "a" * 210_000_000}]),
        ),
        "a line of 49 MB": (".txt", lambda: b"a" * 49_000_000),
        "49 MB without a letter": (".txt", lambda: b"." * 48_999_999 + b"a"),
        "a million sentences": (".txt", lambda: b"Talks go on in town. " * 1_000_000),
        "a million lines": (".txt", lambda: b"Talks go on\n" * 1_000_000),
        "a million quotes": (".txt", lambda: '“Talks” ("go'.encode() * 1_000_000),
        "49 MB of no known encoding": (".txt", lambda: bytes(range(128, 256)) * 380_000),
    }


def _yaml_laughs() -> bytes:
    lines = ["a0: &a0 [x,x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)
    ]
    return ("---\ntitle: *a8\n" + "\n".join(lines) + "\n---\nx").encode()


# What makes careless regular expressions try for ever: many beginnings without an end.
TRAPS = (
    "a",
    "1",
    " ",
    "\t",
    "(",
    ")",
    "“",
    "\"'",
    ".",
    ". ",
    "!?",
    "A.",
    "A. ",
    "-",
    " - ",
    ",",
    ", and ",
    "1,",
    "1.",
    "1 ",
    "12:",
    "2025-",
    "1/",
    "(a b",
    "<",
    "<a ",
    "<!--",
    "Mr. ",
    "December 1 ",
    "in 2025 ",
    "how many ",
    "who said ",
    "according to ",
    "not ",
    "million ",
    "per cent ",
    "the of ",
    "Xx ",
    "X-x",
    "\u0301",
    "\u200d",
    "İ",
    "[1]",
    "&amp;",
)


def sources(folder: Path, draw: Draw) -> Path:
    """Write a folder of strange files with strange names."""
    folder.mkdir(exist_ok=True)
    for n in range(draw.randint(1, 4)):
        stem = "".join(draw.choices("aZ09 .-_éß漢\u202e'\"", k=draw.randint(1, 8))).strip() or "x"
        suffix = draw.choice((".txt", ".md", ".html", ".jsonl", ".TXT", ".zip", ""))
        (folder / f"{n}{stem}{suffix}").write_bytes(text(draw).encode("utf-8", "replace"))
    if draw.random() < 0.3:
        (folder / "articles.toml").write_bytes(text(draw, 80).encode("utf-8", "replace"))
    return folder
