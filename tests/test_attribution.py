"""Attribution: who says it. The invented news is on quite other subjects than the seed articles."""

import json
from pathlib import Path

import pytest

from rag.attribution import is_signature, mentioned, speaker_of
from rag.corpus import Article

ROOT = Path(__file__).parent.parent
SPEAKERS = Path(__file__).with_name("speakers.tsv")


def article(text: str, name: str = "invented.txt") -> Article:
    return Article(name=name, text=text, title=None, date=None, origin=name, sha256="")


def speaker(text: str, number: int = -1) -> str | None:
    """The speaker of one sentence of a text, the last by default."""
    made = article(text)
    return speaker_of(made, made.sentences[number])


SAID = [
    # plain: X said, with every sort of subject
    ("Haas, for her part, promised 300 soldiers.", "Haas"),
    ("The dam will hold, in his view, said Ida Blom.", "Ida Blom"),
    ("Anna Berg said the new stadium would open in May.", "Anna Berg"),
    ("Coach Jill Moreno stressed that the squad needs rest.", "Jill Moreno"),
    ("The European Space Agency announced a second launch window.", "the European Space Agency"),
    ("Researchers at the University of Leeds found that bees sleep longer in autumn.",
     "Researchers at the University of Leeds"),
    ("Residents of the valley told the newspaper that the smell began in June.",
     "Residents of the valley"),
    ("Doctors warned that the ward would close within weeks.", "Doctors"),
    ("Three former employees say the tills were never checked.", "Three former employees"),
    ("The company has repeatedly denied that its brakes were faulty.", "the company"),
    ("Police in Lyon confirmed the arrest of two men.", "Police in Lyon"),
    ("On Monday the council admitted it had lost the documents.", "the council"),
    ("Last week senior managers acknowledged a shortfall of 3 million euros.", "senior managers"),
    ("A survey by the Nordic Bird Society found that 40% of gulls had moved inland.",
     "the Nordic Bird Society"),
    ("Both clubs insisted the transfer was legal.", "Both clubs"),
    ("Many farmers believe the drought will return.", "Many farmers"),
    ("Moody's said the rating was under review.", "Moody's"),
    # names: titles go, appositions are passed over
    ("Irish Finance Minister Orla Byrne conceded the budget was tight.", "Orla Byrne"),
    ("The airline's chief executive, Tomas Lind, predicted a better summer.", "Tomas Lind"),
    ("Maria Keller, the head of the vineyard, noted that frost came early.", "Maria Keller"),
    ("Paul Okafor, 45, a teacher from Leeds, said the roof had leaked for years.", "Paul Okafor"),
    ("Dr. Helen van der Berg explained that the vaccine is stored cold.", "Helen van der Berg"),
    ("Smith on Monday said his knee had healed.", "Smith"),
    # according to, in X's words, as X put it, citing
    ("According to Lena Hoff, the bridge will need new cables.", "Lena Hoff"),
    ("The bridge will need new cables, according to the engineers.", "the engineers"),
    ("According to a report by Transport Watch, one bus in five is late.", "Transport Watch"),
    ("In Rossi's words, the match was a lottery.", "Rossi"),
    ("Prices will fall, as Chen put it, when ships come back.", "Chen"),
    ("The merger, as Alice Grant noted last year, has no precedent.", "Alice Grant"),
    # quotations
    ('"We played like a team," Diego Ferrer said.', "Diego Ferrer"),
    ("“We played like a team,” said Diego Ferrer, the captain.", "Diego Ferrer"),
    ("‘Nobody told us,’ said a spokeswoman for the hospital.",
     "a spokeswoman for the hospital"),
    ('The mayor called the tunnel "a hole full of money".', "the mayor"),
    ('The comet was described by Ada Novak as "a dirty snowball".', "Ada Novak"),
    ('The film, dismissed by critics as "noise", won four prizes.', "critics"),
    ('Asked about the fee, Ferrer said it was "enough".', "Ferrer"),
    ("Sales were “far better than feared”, the retailer said in a statement.", "the retailer"),
    ("Wages rose by 4% in March, reports The Herald.", "The Herald"),
    ('Novak: "The telescope will see further than any before it."', "Novak"),
    # more than one verb
    ("The plant was shut in May, saying goodbye to an era, but Kim Duarte argued it could reopen.",
     "Kim Duarte"),
    ("The bank cut 300 jobs, arguing that branches stand empty.", "the bank"),
    ("Helen Marsh resigned on Friday, calling the vote a farce.", "Helen Marsh"),
    ("The union rejected the offer and warned of a strike.", "the union"),
    # a second batch, written after the rules
    ("Tennis officials expressed concern that the heat could delay the final.", "Tennis officials"),
    ("The regulator on Thursday accused Bluebird of hiding the fault.", "the regulator"),
    ("“It was like flying a brick”, pilot Erik Storm recalled.", "Erik Storm"),
    ("A spokesperson for Bluebird Airlines told the station the jet was safe.",
     "A spokesperson for Bluebird Airlines"),
    ("The study's authors caution that the sample was small.", "The study's authors"),
    ("In a letter to parents, headteacher Joan Pell apologised and promised new windows.",
     "Joan Pell"),
    ("Storm has always maintained that the engine failed.", "Storm"),
    ("Fewer than half of voters approve, a poll by Radio West showed.", "Radio West"),
    ("Economists polled by the paper expect that rates will stay put.",
     "Economists polled by the paper"),
    ("The judge ruled out a retrial and called the evidence thin.", "the judge"),
    ("Chipmaker Lumo reported a loss of 2 billion dollars.", "Lumo"),
    ("Lumo's founder Kai Sato went on to claim that rivals had copied the design.", "Kai Sato"),
    ("“We are sorry,” the bakery wrote on its website.", "the bakery"),
    ("The frog was thought extinct, but biologists from Quito say two were seen.",
     "biologists from Quito"),
    ("Neither side won, Professor Amal Haddad observed.", "Amal Haddad"),
    ("Prime Minister Leif Dahl and his deputy both said the dam was sound.",
     "Leif Dahl and his deputy"),
    ("Fans, who had queued all night, complained that the doors opened late.", "Fans"),
    ("The ferry operator, meanwhile, blamed the weather.", "the ferry operator"),
    ("“Why now?” asked Councillor Ruth Adeyemi.", "Ruth Adeyemi"),
    ("People familiar with the matter said the bid was withdrawn.",
     "People familiar with the matter"),
    ("Berlin insists that the pipeline stays shut.", "Berlin"),
    ("The World Health Organization (WHO) said cases had doubled.",
     "the World Health Organization (WHO)"),
    ("As of Friday the count stood at 12, the coast guard said.", "the coast guard"),
    ("It was announced by the palace that the king would rest.", "the palace"),
    ("Tax cuts “will not happen on my watch”, vowed Dahl.", "Dahl"),
    # a third batch, written after the rules
    ("The city's transport chief, Bo Lund, insisted the trams are safe.", "Bo Lund"),
    ("“It is a scandal”, opposition leader Mia Roth told parliament on Tuesday.", "Mia Roth"),
    ("Teachers' unions have called for an inquiry.", "Teachers' unions"),
    ("The central bank kept rates at 3% and signalled that cuts may follow.",
     "the central bank"),
    ("NASA engineers believe that the probe survived.", "NASA engineers"),
    ("Witnesses described the scene as chaotic.", "Witnesses"),
    ("Roth denies any wrongdoing.", "Roth"),
    ("Campaigners accused the ministry of dragging its feet.", "Campaigners"),
    ("A man in his forties was arrested, police said.", "police"),
    ("A man in his forties was arrested, police in Turin said on Monday.", "police in Turin"),
    ("“I was lucky,” the 27-year-old said.", "the 27-year-old"),
    ("The prosecutor alleges Lund took bribes.", "the prosecutor"),
    ("Lund's lawyer says her client is innocent.", "Lund's lawyer"),
    ("Scientists had expected the volcano to calm down.", "Scientists"),
    ("Local media reported that a second body was found.", "Local media"),
    ("Reuters reported, citing unnamed officials, that the plant would close.",
     "unnamed officials, according to Reuters"),
    ("Data from the weather service show that July was the driest in 60 years.",
     "Data from the weather service"),
    ("Observers note the turnout was the lowest since 1999.", "Observers"),
    ("Roth has promised to publish her tax returns.", "Roth"),
    ("In an interview with the Gazette, Roth said she would stand again.", "Roth"),
    ("Speaking after the match, captain Ida Lie admitted the side had been lucky.", "Ida Lie"),
    ("What matters now, Lie said, is the next round.", "Lie"),
    ("The mayor of Turin, who was elected in 2021, pledged a new park.", "The mayor of Turin"),
    ("The strike, now in week three, has cost millions, according to its chief executive, Bo Lund.",
     "Bo Lund"),
    ("Inflation fell to 2%, the statistics office reported on Friday.", "the statistics office"),
    # second hand
    ("Ferrer promised to stay, according to club officials.",
     "Ferrer, according to club officials"),
    ("Grant said Novak had warned her about the leak.", "Novak, according to Grant"),
    ("The Herald, citing two ministers, reported that the tax will go.",
     "two ministers, according to the Herald"),
    ("The agency quoted Berg as saying the ship was safe.", "Berg, according to the agency"),
    ("Ferrer was quoted by the club magazine as saying he felt at home.",
     "Ferrer, according to the club magazine"),
]  # fmt: skip

NOT_SAID = [
    # a second batch, written after the rules
    "The pilot could have said more.",
    "If the court says so, the gates will open.",
    "No one has explained the smell.",
    "Lumo sells chips to carmakers and its shares rose by a tenth.",
    "The painting shows a woman in a red coat.",
    "Scientists found a new frog in the hills above Quito.",
    "The harbour was closed after the storm and ferries stayed away.",
    "Voters go to the polls on Sunday.",
    "The claims office is open from nine to five.",
    "A new rule makes helmets compulsory.",
    "He was told to wait outside.",
    "The budget includes money for roads, schools and two bridges.",
    "The guard showed them the way to the exit.",
    # a third batch, written after the rules
    "Shares in the brewer slid after it warned that sales would fall.",
    "The match was abandoned at half-time.",
    "Roth won the seat by 300 votes.",
    "The court heard that Lund had two phones.",
    "The new model costs 20,000 euros and goes on sale in May.",
    "Rescue teams worked through the night.",
    "Opposition to the plan has grown.",
    "Lund did not respond to a request for comment.",
    "A lawyer for Lund declined to say where he was.",
    "The team made a good start but fell apart late on.",
    "The deal, first reported by the Gazette, is worth 4 billion.",
    "There is no evidence that the frog survived.",
    "The question of who pays remains open.",
    "He promised voters lower fares.",
    # the first batch
    "The stadium holds 40,000 people and has two roofs.",
    "Anna Berg opened the exhibition on Tuesday.",
    "The board will announce its decision in June.",
    "The company declined to comment.",
    "Anna Berg did not say when the work would end.",
    "The minister has said little about the tunnel.",
    "The coach failed to mention the injury.",
    "It is unclear who will pay.",
    "The report is expected to conclude in May.",
    "The talks between the two unions concluded without a result.",
    "Rising sales suggest the worst is over.",
    "The state report is 40 pages long.",
    "Two claims were settled out of court.",
    "The offer ends on Sunday.",
    "The bus stopped at Note Street and the driver got out.",
    "Did the mayor say why?",
    "The film was found in a barn.",
    "Snow fell on the pass and trucks waited until noon.",
    "Under the plan announced in March, fares rise by a tenth.",
    "She may tell the court next week.",
    "The so-called “ghost ship” drifted ashore near Cork.",
    "His refusal to train cost the team two points.",
    "The tunnel cost twice what the consultants had estimated.",
    "It rained more than what the agency had forecast.",
    "Fares rose more than analysts had predicted.",
]


@pytest.mark.parametrize(("text", "who"), SAID)
def test_names_the_speaker(text, who):
    found = speaker(text)
    assert found is not None
    assert found.casefold() == who.casefold()


# Sentences of the kinds that were misread in two folders of invented news.
MENDED = [line.split("\t") for line in SPEAKERS.read_text("utf-8").splitlines()]


@pytest.mark.parametrize(("who", "text"), MENDED)
def test_names_the_speaker_or_nobody_of_the_last_sentence(who, text):
    assert (speaker(text) or "").casefold().replace("’", "'") == who.casefold()


@pytest.mark.parametrize("text", NOT_SAID)
def test_the_reporters_own_voice(text):
    assert speaker(text) is None


MISREAD = [
    ("The king offered his hand to the child.", None),  # a deed that reads like words
    ("Witnesses described a loud bang.", "Witnesses"),  # "describe" is heard only with "as"
]


@pytest.mark.parametrize(("text", "who"), MISREAD)
@pytest.mark.xfail(strict=True, reason="known weakness")
def test_known_misreadings(text, who):
    assert speaker(text) == who


# Across sentences: (text, number of the sentence, who)
ACROSS = [
    ("Hal Pym left on Monday. His deputy, Lena Hoff, will count. It cost much, she said.", 2,
     "Lena Hoff"),
    ("Hal Pym left on Monday. Pym's deputy, Lena Hoff, counts. It cost much, she said.", 2,
     "Lena Hoff"),
    ("Ann Hale is calm. Her organiser, Hal Pym, was blunter. He said it would sink.", 2, "Hal Pym"),
    ("Hal Pym left. A lawyer, Lena Hoff, is to count. It cost much, she said.", 2, "Lena Hoff"),
    ("Jill Moreno said the squad was tired. Rest comes next. Moreno added that two are hurt.", 2,
     "Jill Moreno"),
    ("Moreno said the squad was tired.\nThe coach, Jill Moreno, leaves in May.", 0, "Jill Moreno"),
    ("Jill Moreno said the squad was tired. She stressed that rest comes first.", 1, "Jill Moreno"),
    ("On Friday Jill Moreno left hospital. She said the food was awful.", 1, "Jill Moreno"),
    ("Jill Moreno was calm. Her statement said the race goes on.", 1, "Jill Moreno"),
    ("According to Lena Hoff, the bridge sways. However, she noted: it is safe.", 1, "Lena Hoff"),
    ("The bank lost millions. It blamed the weather.", 1, "the bank"),
    ("Irish President Nora Quinn flew to Oslo. The Irish president said talks went well.", 1,
     "Nora Quinn"),
    ("Olav Lie denied it. The Harbour Courier had reported a loss. “That is wrong,” he said.", 2,
     "Olav Lie"),
    ("The club sold a player, the club said. Club chairman Olav Lie said no.", 0, "the club"),
    ("The bank lost millions, the bank said. Bank director Nora Quinn left.", 0, "the bank"),
    ("President Nora Quinn met President Olav Lie. The president said it rained.", 1,
     "the president"),
    ("Grant said Novak had warned her. She added that the leak was small.", 1, "Grant"),
    ("Jill Moreno said the squad was tired.\n\nNext week\n\nThe final is on Friday. He said so.", 3,
     None),
    # whom the article calls "he" is not "she", and an office does not end a name
    ("Jill Moreno slept. Olav Lie was calm. He said it rained. She said it snowed.", 3,
     "Jill Moreno"),
    ("Olav Lie was calm. He said it rained. She said it snowed.", 2, None),
    ("Olav Lie slept. The spokeswoman, Jill Moreno, was calm. He said it rained.", 2, "Olav Lie"),
    ("Olav Lie was calm. Mayor Jill Moreno of Marrow said it rained. She said it snowed.", 1,
     "Jill Moreno"),
    ("Olav Lie was calm. Mayor Jill Moreno of Marrow said it rained. She said it snowed.", 2,
     "Jill Moreno"),
    # quotations over several sentences
    ("“It melts,” Ada Novak told reporters. “We saw it.”", 1, "Ada Novak"),
    ("“It melts. We saw it. Nobody listened,” Ada Novak said.", 0, "Ada Novak"),
    ('"It melts. We saw it. Nobody listened," Ada Novak said.', 0, "Ada Novak"),
    ("“Glaciers do not negotiate.”\n— Nina Falk, glaciologist", 0, "Nina Falk"),
    ("Ada Novak had the last word:\n“Glaciers do not negotiate.”", 1, None),
    ("Ada Novak said:\n“Glaciers do not negotiate.”", 1, "Ada Novak"),
    ("“Who pays?” asked Ada Novak. The hall was silent.", 0, "Ada Novak"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("“Glaciers do not negotiate.”\n— Nina Falk, glaciologist", True),
        ("“Glaciers do not negotiate.”\n— Nina Falk, U.S. Secretary of State", True),
        ('"Glaciers do not negotiate."\n-- Bank of England', True),
        ("“Glaciers do not negotiate.”\n— she said so in May", False),
        ("“Glaciers do not negotiate.”\n— Nina Falk left the hall", False),
        ("“Glaciers do not negotiate.”\nNina Falk", False),
        ("Three mountains were climbed:\n— Ararat", False),  # an item of a list
        ("“Glaciers do not negotiate.”\n—", False),
    ],
)
def test_signature_is_the_name_below_a_quotation(text, signed):
    made = article(text)
    assert is_signature(made, made.sentences[-1]) is signed
    assert not is_signature(made, made.sentences[0])


@pytest.mark.parametrize(("text", "number", "who"), ACROSS)
def test_names_are_resolved_across_sentences(text, number, who):
    made = article(text)
    quote = speaker_of(made, made.sentences[number])
    assert (quote and quote.casefold()) == (who and who.casefold())


IN_PASSING = [
    ("Shares fell after Acme warned of losses of 5m.", [("Acme", " of losses of 5m.")]),
    ("Oslen left hours after the union said that he lied.", [("the union", " that he lied.")]),
    ("The union said that Oslen left after Acme warned of losses.", []),  # has a speaker
    ("Shares fell after it warned of losses.", []),
    ("Shares fell after the storm.", []),
]


@pytest.mark.parametrize(("text", "found"), IN_PASSING)
def test_whose_sayings_the_reporter_mentions_in_passing(text, found):
    made = article(text)
    assert mentioned(made, made.sentences[0]) == found


OFFICES_ALONE = [  # an office of a place, with "the" and without, and nobody named
    ("Prime Minister of Qatar said the talks went well.", "Prime Minister of Qatar"),
    ("President of South Africa said yes.", "President of South Africa"),
    ("The talks failed, according to Foreign Minister of Turkey.", "Foreign Minister of Turkey"),
    ("Minister of Foreign Affairs of Turkey said no.", "Minister of Foreign Affairs of Turkey"),
    ("Secretary of State said no.", "Secretary of State"),
    ("President of the Republic said no.", "President of the Republic"),
    ("Foreign Minister of Turkey Hakan Fidan said no.", "Hakan Fidan"),
    ("Minister of Trade of Xanadu Anna Brown said no.", "Anna Brown"),
]


@pytest.mark.parametrize(("text", "who"), OFFICES_ALONE)
def test_an_office_of_a_place_is_named_whole(text, who):
    assert speaker(text) == who


ODD = ["", " ", '"', "“", "— ", "said", "said.", ", said", "according to", "words", "He said.",
       "قال الوزير إن المحادثات فشلت.", "🙂 said 🙂.", "“🙂”", "\u200f«שלום», אמר השר.", "citing",
       "by by by said by", "(said) (X", ") said", "X's words", "'", "‘’", "The",
       "and said", "says and", "Queen of", "Minister of said", "\x02"]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_odd_text_never_raises(text):
    for context in (text, f"{text} {text}", f"Ada Novak {text}", f"{text}\n{text} Ada Novak."):
        made = article(context)
        for sentence in made.sentences:
            speaker_of(made, sentence)


PIECES = ["said, ", "“", "‘a ", "' a", "X (", "Ada Novak and ", "to by the ",
          "He said that she said. ", "Ada Novak said no.\n"]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_text(piece):
    made = article(piece * 6000)
    for sentence in made.sentences:
        speaker_of(made, sentence)


def test_seed_articles():
    """Hand-labelled before the rules were run; 119 sentences of all five articles."""
    lines = (ROOT / "eval" / "speakers.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    texts = {
        name: article((ROOT / "seeds" / name).read_text(encoding="utf-8"), name)
        for name in {row["article"] for row in rows}
    }
    wrong = []
    for row in rows:
        made = texts[row["article"]]
        assert made.text[row["start"] : row["end"]] == row["quote"]
        sentence = next(s for s in made.sentences if s.start <= row["start"] < s.end)
        found = speaker_of(made, sentence)
        accepted = [who and who.casefold() for who in (row["speaker"], *row["also"])]
        if (found and found.casefold()) not in accepted:
            wrong.append((row["quote"], row["speaker"], found))
    assert 1 - len(wrong) / len(rows) >= 0.95, wrong
