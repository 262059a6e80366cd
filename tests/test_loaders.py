import json
import logging
import sys
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from campaigns.attacks import CANARY, HIDDEN_HTML

from rag.errors import CorpusError
from rag.loaders import Loaded, decode, iso_date, load

SEEDS = Path(__file__).parent.parent / "seeds"


def one(suffix, data):
    (loaded,) = load(suffix, data if isinstance(data, bytes) else data.encode())
    return loaded


def fails(suffix, data, *words):
    with pytest.raises(CorpusError) as caught:
        load(suffix, data if isinstance(data, bytes) else data.encode())
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-12-20", "2025-12-20"),
        ("2025-12-20T23:30:00+02:00", "2025-12-20"),
        ("2025/2/3", "2025-02-03"),
        ("20 December 2025", "2025-12-20"),
        ("Sat, 20 Dec 2025 10:00:00 GMT", "2025-12-20"),
        ("Sept. 3rd, 2025", "2025-09-03"),
        ("March 5, 2024", "2024-03-05"),
        ("20.12.2025", "2025-12-20"),
        ("12/20/2025", "2025-12-20"),
        ("4/4/2025", "2025-04-04"),
        (date(2025, 1, 2), "2025-01-02"),
        (datetime(2025, 1, 2, 23, tzinfo=UTC), "2025-01-02"),
        ("3/4/2025", None),
        ("2025-02-30", None),
        ("December 2025", None),
        ("yesterday", None),
        ("Ju 5, 2025", None),
        (2025, None),
    ],
)
def test_dates(value, expected):
    found, note = iso_date(value)
    assert found == expected
    assert (note is None) == (expected is not None)


def test_no_date_is_nothing_to_tell():
    assert iso_date(None) == iso_date("") == (None, None)


def test_txt_is_verbatim():
    for path in sorted(SEEDS.glob("*.txt")):
        assert one(".txt", path.read_bytes()) == Loaded(path.read_bytes().decode())
    text = "  İ 😀\u00a0مرحبا\t\n\n x \u2028 "
    assert one(".TXT", text).text == text
    assert one(".txt", b"\xef\xbb\xbfa\r\nb\rc\n").text == "a\nb\nc\n"


def test_encodings():
    quote = "“It’s unresolved, but it’s getting closer,” Trump said – at a café in Orléans."
    assert one(".txt", quote).note is None
    western = one(".txt", quote.encode("cp1252"))
    assert western.text == quote
    assert western.note == "read as windows-1252, a guess"
    cyrillic = "Президент Владимир Зеленский заявил, что переговоры продолжаются. " * 3
    assert one(".txt", cyrillic.encode("cp1251")).text == cyrillic
    assert "windows-1251" in one(".txt", cyrillic.encode("cp1251")).note
    assert decode("Ünï 😀".encode("utf-16")) == ("Ünï 😀", "read as utf-16")


def test_binary_and_empty_files():
    fails(".txt", b"abc\0def", "binary")
    fails(".txt", bytes(range(128, 256)) * 20, "encoding")
    fails(".txt", b"\xff\xfeabc", "utf-16")
    fails(".txt", b" \n", "empty")
    fails(".txt", b"*** ---", "no text")
    fails(".xyz", b"abc", "unknown format", ".docx")


MARKDOWN = """\
---
title: "Talks: the end"
date: 2025-12-20
---
# Main *title*

A paragraph on
two lines with a [link](http://example.com/) and `code`.

- First item
- Second item

3. Third

```
x = 1
```

| a | b |
|---|---|
| c | **d** |

<div>Some <b>html</b></div>

<!-- hidden -->
"""


def test_markdown():
    assert one(".md", MARKDOWN) == Loaded(
        "Main title\n\nA paragraph on two lines with a link and code.\n\n- First item\n\n"
        "- Second item\n\n3. Third\n\nx = 1\n\na | b\n\nc | d\n\nSome html",
        "Talks: the end",
        "2025-12-20",
    )


def test_markdown_without_front_matter():
    assert one(".markdown", "Intro.\n\n# The title\n\nText.") == Loaded(
        "Intro.\n\nThe title\n\nText.", "The title"
    )
    assert one(".md", "---\n\nOne.\n\n---\n\nTwo.").text == "One.\n\nTwo."
    assert one(".md", "One.\n\n---\n\nTwo.\n\n---\n\nThree.").text == "One.\n\nTwo.\n\nThree."
    unclear = one(".md", "---\ndate: 3/4/2025\n---\nText.")
    assert unclear.date is None
    assert "3/4/2025" in unclear.note


def test_markdown_front_matter_is_read_safely():
    fails(".md", "---\ntitle: [unclosed\n---\nText.", "front matter")
    fails(".md", "---\nx: !!python/object/apply:os.getcwd []\n---\nText.", "front matter")
    assert one(".md", "---\ntitle: [a, b]\n---\nText.").title is None


PARAGRAPH = "The United States and Ukraine are moving closer to a peace agreement, he said. " * 4


def page(head="", body="", lead=""):
    return (
        f"<html><head><title>A title - Site</title>{head}</head><body><nav>Home | About</nav>"
        f"<article><h1>A title</h1>{lead}<p>{PARAGRAPH}</p><p>{body}</p><p>{PARAGRAPH}</p>"
        "</article><footer>Copyright 2023-01-01</footer></body></html>"
    )


def test_html_main_text_and_title():
    found = one(".html", page(body="It is “free” &amp; <a href='x'>linked</a>."))
    assert "Home" not in found.text
    assert "It is “free” & linked." in found.text.split("\n\n")
    assert found.title == "A title"
    assert found.date is None
    assert found.note is None


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta property="article:published_time" content="2025-12-20T10:00:00Z">', "2025-12-20"),
        ('<meta name="date" content="20 December 2025">', "2025-12-20"),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle",'
            ' "datePublished": "2025-12-20", "dateModified": "2026-01-01"}]}</script>',
            "2025-12-20",
        ),
        ('<meta property="article:modified_time" content="2025-12-20">', None),
        ('<script type="application/ld+json">{"datePublished": </script>', None),
        ('<link rel="canonical" href="https://example.com/2025/12/20/talks">', None),
    ],
)
def test_html_takes_a_stated_date_only(head, expected):
    assert one(".html", page(head)).date == expected


def test_html_dates_in_the_text_are_not_the_articles():
    assert one(".html", page(body="On 2024-03-05 he left. Posted March 6, 2024.")).date is None


def test_html_time_elements():
    marked = '<time datetime="2025-12-20" itemprop="datePublished">x</time>'
    other = '<time datetime="2020-01-01">y</time>'
    assert one(".html", page(lead=marked + other)).date == "2025-12-20"
    assert one(".html", page(lead=other)).date == "2020-01-01"
    several = one(".html", page(lead=other + '<time datetime="2020-01-02">z</time>'))
    assert several.date is None
    assert "several dates" in several.note


def test_html_encoding_and_fragments():
    declared = page('<meta charset="windows-1251">', "Президент Зеленский заявил.")
    found = one(".htm", declared.encode("cp1251"))
    assert "Президент Зеленский заявил." in found.text
    assert found.note == "read as windows-1251, as the page says"
    assert one(".html", "<p>Only a fragment é.</p>").text == "Only a fragment é."
    fails(".html", "<html><body><img src='x'></body></html>", "no article text")


@pytest.mark.parametrize("name", HIDDEN_HTML)
def test_html_leaves_out_what_the_page_hides(name):
    assert CANARY not in one(".html", page(body=f"Seen. {HIDDEN_HTML[name]} Seen too.")).text


@pytest.mark.parametrize(
    "shown",
    [
        '<span style="font-size:0.8em">{}</span>',
        '<span style="opacity:0.9">{}</span>',
        '<div style="background:#000"><span style="color:white">{}</span></div>',
        '<table bgcolor="#123456"><tr><td><font color="#ffffff">{}</font></td></tr></table>',
        '<span style="color:#000;background-color:#fff">{}</span>',
        '<span style="left:-1px;margin-left:-20px">{}</span>',
        '<span class="hidden" data-hidden="1" title="hidden">{}</span>',
    ],
)
def test_html_keeps_what_readers_see(shown):
    told = "The delegation left Miami on Sunday evening after long talks with the envoys."
    assert told in one(".html", page(body=shown.format(told))).text


def test_markdown_front_matter_that_nests_without_end_is_one_line():
    fails(".md", "---\na: " + "[" * 200_000 + "\n---\nText.", "cannot be read as YAML front matter")


def test_markdown_comment_may_hold_anything():
    text = f"Army.\n\n<!-- a -> b <i> {CANARY} -->\n\nTalks <!-- {CANARY} > --> go on."
    text += f"\n\n<!-- never closed {CANARY}"
    assert one(".md", text).text == "Army.\n\nTalks  go on."


def pdf(lines, title=None):
    """A PDF of one page, by hand: each line is shown 14 points below the one before."""
    shown = " T* ".join(f"({line}) Tj" for line in lines)
    stream = f"BT /F1 10 Tf 14 TL 50 700 Td {shown} ET".encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Title (%s) /CreationDate (D:20200101000000Z) >>" % (title or "").encode(),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out
        + b"xref\n0 7\n0000000000 65535 f \n%strailer\n<< /Size 7 /Root 1 0 R /Info 6 0 R >>"
        % (table)
        + b"\nstartxref\n%d\n%%%%EOF\n" % len(out)
    )


PDF_LINES = [
    "Talks in Miami",
    "The United States and Ukraine are moving closer to an agree-",
    "ment to end the war with Russia, though major challenges",
    "remain unresolved.",
    "Next steps",
    "Both leaders acknowledged progress on one of the most difficult",
    "aspects of the talks.",
]


def test_pdf():
    found = one(".pdf", pdf(PDF_LINES, "Talks in Miami"))
    assert found == Loaded(
        "Talks in Miami\n\nThe United States and Ukraine are moving closer to an agreement to end "
        "the war with Russia, though major challenges remain unresolved.\n\nNext steps\n\n"
        "Both leaders acknowledged progress on one of the most difficult aspects of the talks.",
        "Talks in Miami",
    )


def test_pdf_title_that_the_text_does_not_bear_out():
    assert one(".pdf", pdf(PDF_LINES, "Microsoft Word - draft3.doc")).title is None
    assert one(".pdf", pdf(PDF_LINES)).title is None


def encrypted(password):
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf(PDF_LINES))))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdf_that_cannot_be_read(caplog):
    with caplog.at_level(logging.DEBUG):
        fails(".pdf", encrypted("secret"), "encrypted", "password")
        fails(".pdf", pdf([]), "only images")
        fails(".pdf", b"%PDF-1.4 rubbish", "PDF")
        fails(".pdf", b"not a pdf at all", "PDF")
    assert not [record for record in caplog.records if record.name.startswith("pypdf")]
    assert one(".pdf", encrypted("")).text.startswith("Talks in Miami")


def test_pdf_with_too_much_text(monkeypatch):
    monkeypatch.setattr("rag.loaders.MAX_TEXT", 100)
    fails(".pdf", pdf(PDF_LINES), "more than 100 characters")


def docx(title=""):
    from docx import Document

    document = Document()
    document.core_properties.title = title
    document.add_heading("The talks", 1)
    document.add_paragraph("First paragraph. İ 😀")
    table = document.add_table(2, 2)
    for cell, text in zip(
        [cell for row in table.rows for cell in row.cells], ["a", "b", "c", "d"], strict=True
    ):
        cell.text = text
    table.cell(1, 0).merge(table.cell(1, 1))
    document.add_paragraph("Last paragraph.")
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def test_docx():
    assert one(".docx", docx("A title")) == Loaded(
        "The talks\n\nFirst paragraph. İ 😀\n\na | b\n\nc d\n\nLast paragraph.", "A title"
    )
    assert one(".docx", docx()).title is None


def test_docx_that_cannot_be_read(monkeypatch):
    fails(".docx", b"no zip", "DOCX")
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", bytes(3_000_000))
    fails(".docx", bomb.getvalue(), "DOCX")
    monkeypatch.setattr("rag.loaders.MAX_UNZIPPED", 2_000_000)
    fails(".docx", bomb.getvalue(), "unfolds to 3,000,000 bytes")
    monkeypatch.setattr("rag.loaders.MAX_UNZIPPED", 200_000_000)
    monkeypatch.setattr("rag.loaders.MAX_TEXT", 20)
    fails(".docx", docx(), "more than 20 characters")


def test_jsonl():
    rows = [
        {"id": "a", "title": " A  title ", "date": "2025-12-20", "text": "One.\r\nTwo.", "more": 1},
        {"text": "Line\u2028 three \ud83d\ude00 and \ud800."},
        {"id": 7, "date": "3/4/2025", "text": "Seven."},
    ]
    data = "\n\n".join(json.dumps(row) for row in rows)
    assert load(".jsonl", data.encode()) == [
        Loaded("One.\nTwo.", "A title", "2025-12-20", "a"),
        Loaded("Line\u2028 three 😀 and \ufffd.", None, None, "3"),
        Loaded(
            "Seven.",
            None,
            None,
            "7",
            "line 5: date '3/4/2025' is not clear, write it as yyyy-mm-dd",
        ),
    ]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "not JSON"),
        ("[1]", '"text"'),
        ('{"id": "x"}', '"text"'),
        ('{"text": " "}', "empty text"),
        ('{"text": "x", "id": true}', "id must be"),
        ('{"text": "x", "id": "a\\nb"}', "control characters"),
        ('{"text": "x", "id": "first"}', "twice"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_jsonl_errors_name_the_line(line, word):
    fails(".jsonl", f'{{"id": "first", "text": "x"}}\n{line}', "line 2", word)


# ------------------------------------------------------------ Parquet


def parquet(columns, **options):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet as writer

    out = BytesIO()
    writer.write_table(pyarrow.table(columns), out, **options)
    return out.getvalue()


def test_parquet_is_read_as_jsonl_is():
    data = parquet(
        {
            "id": ["x#1", None, ""],
            "text": ["One.", "Two\r\nlines.", "Drei: 😀."],
            "title": ["  A  title ", None, None],
            "date": [date(2025, 1, 2), None, None],
            "vector": [[1.0], [2.0], [3.0]],
        }
    )
    assert load(".parquet", data) == [
        Loaded("One.", "A title", "2025-01-02", "x#1"),
        Loaded("Two\nlines.", id="2"),
        Loaded("Drei: 😀.", id="3"),
    ]


def test_parquet_knows_days_and_numbers_by_their_types():
    pyarrow = pytest.importorskip("pyarrow")
    for moment, precision in (
        (datetime(2025, 1, 2, 23, tzinfo=UTC), "us"),
        (datetime(2025, 3, 4, 5), "ns"),
    ):
        zone = "UTC" if moment.tzinfo else None
        column = pyarrow.array([moment], pyarrow.timestamp(precision, zone))
        loaded = one(".parquet", parquet({"text": ["A."], "date": column, "id": [7]}))
        assert (loaded.date, loaded.id) == (moment.date().isoformat(), "7")
    unclear = one(".parquet", parquet({"text": ["A."], "date": ["3/4/2025"]}))
    assert unclear.date is None
    assert unclear.note == "row 1: date '3/4/2025' is not clear, write it as yyyy-mm-dd"


def test_parquet_with_many_rows_and_row_groups():
    texts = [f"Text {number % 7}." for number in range(1000)]
    found = load(".parquet", parquet({"text": texts}, row_group_size=130))
    assert [each.text for each in found] == texts
    assert [each.id for each in found] == [str(number + 1) for number in range(1000)]


def test_parquet_faults_are_told_by_row():
    fails(".parquet", b"PAR1 no such thing PAR1", "cannot be read as Parquet")
    fails(".parquet", parquet({"body": ["A."]}), 'no column "text"')
    fails(".parquet", parquet({"text": ["A.", None]}), "row 2 has no string")
    fails(".parquet", parquet({"text": [1]}), "row 1 has no string")
    fails(".parquet", parquet({"text": ["A.", " "]}), "row 2 has an empty text")
    fails(".parquet", parquet({"text": ["A.", "B."], "id": ["1", "1"]}), "row 2: id '1'", "twice")
    fails(".parquet", parquet({"text": ["A."], "id": [1.5]}), "row 1: id must be")
    whole = parquet({"text": ["Talks go on. " * 50] * 5})
    for cut in range(0, len(whole), 7):
        fails(".parquet", whole[:cut] or b" ", *([] if cut else ["empty"]))


def test_parquet_that_unfolds_is_refused():
    fails(".parquet", parquet({"text": ["a" * 1_000_000] * 300}), "unfolds to", "split it")
    fails(".parquet", parquet({"text": [f"{'a' * 10**6}{n}" for n in range(250)]}), "unfolds to")


def test_parquet_without_its_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    fails(".parquet", b"PAR1", "pyarrow", "pip install")


def test_markdown_head_of_lines_keeps_them():
    head = "The dam holds\nLIMA, 3 March 2026 - Coast News"
    assert one(".md", f"{head}\n\nIt held.").text.startswith(head + "\n")
    wrapped = "The dam held in\n2026 as it had before."
    assert one(".md", f"{wrapped}\n\nIt held.").text.startswith("The dam held in 2026 as")
