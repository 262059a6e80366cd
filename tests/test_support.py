"""The support check: what a quote says, in whatever words, and what it does not say.

The sentences are invented news; nothing of the seed articles stands here.
"""

import pytest

from rag.support import objection, supported
from rag.support.names import like, unknown_names
from rag.support.numbers import Date, dates, quantities
from rag.support.tokens import read

TAX = (
    "Portuguese Finance Minister Inês Carvalho said on Tuesday the government would cut income tax "
    "by 2 percentage points next year, provided growth stays above 1.5 per cent."
)
BANK = "Turkey’s central bank held its main rate at 42.5% on Thursday, 14 March 2024."
UNION = "Neither the bank nor its lawyers responded to the union’s 1,200 questions."
SPILL = "The refinery, which Norvik bought from Halden in 2019, has not ruled out job cuts."
DRONES = "Egypt has repeatedly warned Ethiopia against filling the dam before a deal is signed."
VOTE = "Nearly three quarters of the 27 states backed the plan, but only Malta has ratified it."

LOST = "Hugo Sand, of Tidewell Research, said the offers were high for a firm which lost 47mn."

HOLDS = [
    ("A firm lost 47mn.", LOST),
    ("The talks ended in May.", "Delegates from 14 states ended their talks in Suva in May."),
    ("The court allowed 14 days.", "The 14 days allowed by the court are over, says the law."),
    ("The union wants higher pay.", "The union's members met on Friday; it wants higher pay."),
    ("Putin countered talk of an attack.", "Putin has also countered the talk of an attack."),
    ("A counter-offer was made.", "Acme made a counter-offer in May, and it was accepted."),
    ("At least 38 people fell ill, the office says.", "At least 38 people fell ill, it said."),
    ("As many as 200 people are being watched.", "Up to 200 people are being watched, it said."),
    ("Norvik bought the refinery in 2019.", SPILL),
    ("Renquist ran for the Civic Union.", "Tobias Renquist ran for the opposition Civic Union."),
    # numbers and dates, however written
    ("The government would cut income tax by two percentage points.", TAX),
    ("The rate was held at 42.5 percent.", BANK),
    ("The rate was held at 42.5 per cent on March 14.", BANK),
    ("The rate was held on the 14th of March, 2024.", BANK),
    ("The bank did not respond to 1200 questions.", UNION),
    ("The bank did not respond to 1 200 questions.", UNION),
    ("The bank did not respond to twelve hundred questions.", UNION),
    ("Almost 75 % of the states backed the plan.", VOTE),
    ("Nearly three-quarters of twenty-seven states backed the plan.", VOTE),
    # names
    ("Ines Carvalho said the government would cut income tax.", TAX),
    ("Portugal's government would cut income tax.", TAX),
    ("The Turkish central bank held its main rate.", BANK),
    # negation, said in another way
    ("The lawyers did not respond.", UNION),
    ("Norvik's refinery has not excluded job cuts.", SPILL),
    ("Egypt has warned Ethiopia not to fill the dam.", DRONES),
    # who did what, turned round
    ("The refinery was bought by Norvik from Halden.", SPILL),
    ("Ethiopia was repeatedly warned by Egypt.", DRONES),
    ("Tomas Reyk is 34 years old.", "The lasher Tomas Reyk, 34, was crushed by a box."),
    ("Tomas Reyk is 34 years old.", "Tomas Reyk, a 34-year-old lasher, was crushed."),
    ("The bank is 34 years old.", "The bank was founded 34 years ago, in Arden."),
    ("He spoke in Polish.", "He spoke in Polish to the Danish envoys."),
    ("He met with Danish envoys at Polish expense.", "He met Danish envoys at Polish expense."),
    # "all" that does not count
    ("The lawyers did not respond at all.", UNION),
    ("After all, the lawyers did not respond.", UNION),
    ("Above all, the lawyers did not respond.", UNION),
    ("First of all, the lawyers did not respond.", UNION),
    ("Not only a few states backed the plan, but 27.", "All 27 states backed the plan."),
    # fragments that answer a question
    ("42.5%", BANK),
    ("It is 42.5%.", BANK),
]
RAN = "Oslen had 61,207 votes against 60,795 for Tobias Renquist, who ran for the Civic Union."
LOAN = "The bank said it would extend its loan, provided that a deal was signed this month."
ILL = "At least 38 people have fallen ill and up to 200 are being watched, the office said."
TALK = "Putin has also countered the talk that an attack will happen in the next five years."
PLAN = "Kolvane planned to cut 600 jobs by May, an internal paper says; it did not seek to sell."
ZONE = "Such a zone is considered, provided regular troops are withdrawn from there, sources say."
FAILS = [
    ("quantity", "Ilse Vandermeer is 12 years old.", "Ilse Vandermeer left after twelve years."),
    ("quantity", "The man, aged 12, left.", "The man left after 12 years in the post."),
    ("place", "Grey Heron operates from Lovarian.", "Grey Heron said it has 90 Lovarian files."),
    ("place", "He lives in Polish.", "He works for the Polish embassy and lives well."),
    ("context", "Regular troops are withdrawn from there.", ZONE),
    ("modality", "Kolvane cut 600 jobs.", PLAN),
    ("negation", "Kolvane will sell.", "Kolvane said that it would not seek to sell this year."),
    ("subject", "Tidewell Research lost 47mn.", LOST),
    ("subject", "The offers lost 47mn.", LOST),
    ("subject", "Malta backed the plan.", VOTE),
    ("subject", "The bank met it.", "The bank said that the board's advice met the condition."),
    (
        "subject",
        "The law allowed 14 days.",
        "The 14 days allowed by the court are over, says the law.",
    ),
    ("negation", "Putin said the talk that an attack will happen in the next five years.", TALK),
    ("context", "An attack will happen in the next five years.", TALK),
    (
        "context",
        "Russia withdrew the same distance.",
        "It would withdraw if Russia withdrew the same distance.",
    ),
    ("negation", "Acme cut 90 jobs.", "Acme disputed the claim that it had cut 90 jobs."),
    ("quantity", "The bank extended its loan because a deal was signed this month.", LOAN),
    ("quantity", "38 people fell ill.", ILL),
    ("quantity", "More than 200 people are being watched.", ILL),
    ("object", "Tobias Renquist is running the city right now.", RAN),
    ("object", "Tobias Renquist ran the Civic Union.", RAN),
    ("object", "Norvik bought the tanker in 2019.", SPILL),
    (
        "name",
        "Andrea Lind took over Andrea Lind's post amid the resignation.",
        "The envoys were led by Marek Oren, who took over Andrea Lind's post amid her resignation.",
    ),
    ("number", "The government would cut income tax by 3 percentage points.", TAX),
    ("number", "The rate was held at 4.25 per cent.", BANK),
    ("number", "The bank did not respond to 12,000 questions.", UNION),
    ("number", "Nearly two thirds of the states backed the plan.", VOTE),
    ("number", "The rate was held on 15 March.", BANK),
    ("number", "The rate was held in March 2023.", BANK),
    ("number", "The rate was held on Friday.", BANK),
    ("name", "Spanish Finance Minister Carvalho would cut income tax.", TAX),
    ("name", "Greece's central bank held its main rate.", BANK),
    ("name", "Only Cyprus has ratified the plan.", VOTE),
    ("negation", "The bank responded to the questions.", UNION),
    ("negation", "The refinery has ruled out job cuts.", SPILL),
    ("negation", "Turkey's central bank did not hold its main rate.", BANK),
    (
        "negation",
        "Egypt has warned Ethiopia against filling the dam after a deal is signed.",
        DRONES,
    ),
    ("quantity", "All of the 27 states backed the plan.", VOTE),
    ("quantity", "Only Norvik bought the refinery.", SPILL),
    ("modality", "The government has cut income tax by 2 percentage points.", TAX),
    ("modality", "Carvalho said the government has cut income tax by 2 percentage points.", TAX),
    (
        "modality",
        "The mayor would act mostly as a mediator.",
        "No deal should be expected: the union is unyielding, and the mayor acts as a mediator.",
    ),
    (
        "modality",
        "Norland keeps an army of 9,000 men, which is the largest of all.",
        "The league offered no pact but suggested in its place that Norland keep an army of 9,000 "
        "men - the largest of all.",
    ),
    ("contrast", "The government would cut income tax next month.", TAX),
    ("roles", "Ethiopia has repeatedly warned Egypt.", DRONES),
    ("overlap", "Elephants marched through the refinery at dawn.", SPILL),
    ("says nothing", "", TAX),
    ("says nothing", "!?", TAX),
]


@pytest.mark.parametrize(("text", "source"), HOLDS)
def test_what_the_source_says_is_supported(text, source):
    assert objection(text, source) is None


@pytest.mark.parametrize(("why", "text", "source"), FAILS)
def test_what_it_does_not_say_is_not_and_the_reason_is_told(why, text, source):
    assert objection(text, source) == why
    assert not supported(text, source)


# What may not be cut out of its source, and the word before it that must not be missing.
CUT = {
    UNION: ("responded to the union’s 1,200 questions", "Neither"),
    SPILL: ("ruled out", "not"),
    DRONES: ("filling the dam before a deal is", "against"),
}


@pytest.mark.parametrize("source", [TAX, BANK, UNION, SPILL, DRONES, VOTE])
def test_word_for_word_is_supported_unless_cut_out_from_under_a_negation(source):
    words = source.rstrip(".").split()
    clause, negator = CUT.get(source, ("nowhere", ""))
    for low in range(len(words)):
        for high in range(low + 2, len(words) + 1):
            piece = " ".join(words[low:high])
            assert supported(piece, source) is (clause not in piece or negator in piece)
    assert supported(source.upper(), source)


ODD = [
    ("İstanbul hosts 12 teams.", "İstanbul will be host: it hosts 12 teams."),
    ("istanbul hosts 12 teams.", "İstanbul hosts 12 teams in May."),
    ("The Strasse is closed.", "The Straße is closed until May."),
    ("Jose\u0301 left in 2019.", "José left the club in 2019."),
    ("José left in 2019.", "Jose\u0301 left the club in 2019."),
    ("Two teams left.", "Two teams\r\nleft in May."),
    ("It rose by ½.", "It rose by ½ in May."),
    ("Prices rose 12 percent.", "Prices rose １２ percent in May."),
    ("The co\u00adoperative won.", "The cooperative won in May."),
]


@pytest.mark.parametrize(("text", "source"), ODD)
def test_odd_writing_changes_nothing(text, source):
    assert supported(text, source)


@pytest.mark.parametrize("text", ["\u202e\u0301", "🙂🙂", "«»", "9" * 400, "not " * 300, "(" * 200])
def test_no_text_is_too_odd_to_be_read(text):
    for source in (text, TAX, ""):
        assert supported(text, source) in {True, False}
    assert not supported("Acme cut jobs.", text)


@pytest.mark.timeout(20)
def test_time_grows_with_the_text():
    assert not supported(
        "Ada Novak met Bo Lund. " * 60, "Bo Lund said no to Ada Novak, 9 of 10. " * 60
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ninety jobs", [90]),
        ("two hundred and eighty thousand", [280_000]),
        ("twenty-eight points", [28]),
        ("$1.3m", [1_300_000]),
        ("£90bn", [90_000_000_000]),
        ("a third of voters", [100 / 3]),
        ("fell by a fifth", [20]),
        ("two decades", [20]),
        ("the 28-point plan", [28]),
        ("two hundred and", [200]),
        ("twenty-", [20]),
        ("fell from 18 to 7", [18, 7]),
        ("one of them", []),
        ("on 14 March 2024", []),
    ],
)
def test_quantities_are_read_as_values(text, values):
    assert [q.value for q in quantities(read(text))] == pytest.approx(values)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("the 3rd time", [(3, "ordinal")]),
        ("the fourth round", [(4, "ordinal")]),
        ("from 18 to 7 per cent", [(18, "percent"), (7, "percent")]),
        ("18 and 7%", [(18, "percent"), (7, "percent")]),
        ("18 to 7 members", [(18, ""), (7, "")]),
        ("thirty and forty", [(30, ""), (40, "")]),
        ("fifty, sixty, seventy", [(50, ""), (60, ""), (70, "")]),
    ],
)
def test_quantities_have_their_units(text, units):
    assert [(q.value, q.unit) for q in quantities(read(text))] == units


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("on December 14-15", [(None, 12, 14), (None, 12, 15)]),
        ("19 Dec 2025", [(2025, 12, 19)]),
        ("the 3rd of May", [(None, 5, 3)]),
        ("in 1989", [(1989, None, None)]),
        ("It may rain.", []),
        ("2,000 men", []),
    ],
)
def test_dates_are_read_as_far_as_they_are_given(text, found):
    assert [(d.year, d.month, d.day) for d in dates(read(text))] == found


def test_date_within_another_says_no_more_than_it():
    assert Date(None, 12, None, 0).within(Date(2025, 12, 19, 0))
    assert not Date(2025, 12, 19, 0).within(Date(None, 12, 19, 0))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("russia", "russian", True),
        ("ukrainians", "ukraine", True),
        ("norwegians", "norway", True),
        ("oman", "omani", True),
        ("chad", "chadian", True),
        ("dutch", "netherlands", True),
        ("niger", "nigeria", False),
        ("austria", "australian", False),
        ("iran", "iraqi", False),
        ("kim", "kam", False),
    ],
)
def test_countries_and_their_people_are_alike(one, other, same):
    assert like(one, other) is like(other, one) is same


@pytest.mark.parametrize(
    ("text", "source", "unknown"),
    [
        ("The EU agreed.", "The European Union agreed.", []),
        ("The European Union agreed.", "The EU agreed.", []),
        ("The U.S. agreed.", "The United States agreed.", []),
        ("American soldiers left.", "Soldiers of the United States left.", []),
        ("Talks failed in Geneva.", "The talks failed.", ["Geneva"]),
        ("Brussels agreed.", "It agreed.", ["Brussels"]),
    ],
)
def test_names_of_a_statement_must_be_in_its_source(text, source, unknown):
    assert [token.text for token in unknown_names(read(text), read(source))] == unknown
