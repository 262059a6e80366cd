"""Passages: one sentence each, headings and neighbours as context."""

from fakes import article

from rag.passages import Passage, passages_of

TEXT = "The talks\n\nArmy first. Peace\u00a0 next.\n\nThe border\n\nNobody came.\n"


def test_every_sentence_but_headings_is_a_passage_with_its_heading_and_predecessor():
    assert passages_of(article("a.txt", TEXT, "Title")) == (
        Passage("a.txt", 1, "Army first.", "The talks"),
        Passage("a.txt", 2, "Peace next.", "The talks . Army first."),
        Passage("a.txt", 4, "Nobody came.", "The border"),
    )


def test_title_is_the_context_before_any_heading():
    assert passages_of(article("a.txt", "One. Two.", "Title")) == (
        Passage("a.txt", 0, "One.", "Title"),
        Passage("a.txt", 1, "Two.", "Title . One."),
    )
    assert passages_of(article("a.txt", "One."))[0].context == ""


def test_article_of_headings_alone_can_still_be_found():
    found = passages_of(article("a.txt", "# The talks\n\n# The border\n"))
    assert [p.sentence for p in found] == [0, 1]


def test_passage_numbers_lead_back_to_the_sentences():
    source = article("a.txt", TEXT)
    for passage in passages_of(source):
        sentence = source.sentences[passage.sentence]
        assert " ".join(sentence.text.split()) == passage.text
        assert source.text[sentence.start : sentence.end] == sentence.text
