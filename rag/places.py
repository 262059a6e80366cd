"""Who is meant: a country, its capital, its people and the seat of its government are one actor.

News says Paris, the Élysée or the French for France. The table is general knowledge: the states of
the G20 and others often in the news, with the bodies known by a place. Offices held by people are
learnt from the articles themselves ("Moldovan President Maia Sandu").
"""

import re
from collections.abc import Iterable

from rag.words import fold, same_name, words

_TABLE = """
afghanistan afghan afghans kabul taliban
algeria algerian algerians algiers
argentina argentine argentinian argentines
armenia armenian armenians yerevan
australia australian australians canberra
austria austrian austrians vienna
azerbaijan azerbaijani azerbaijanis baku
belarus belarusian belarusians minsk
belgium belgian belgians
brazil brazilian brazilians brasilia planalto
britain british uk london whitehall westminster england
bulgaria bulgarian bulgarians sofia
canada canadian canadians ottawa
chile chilean chileans santiago
china chinese beijing prc
colombia colombian colombians bogota
croatia croatian croatians zagreb
cuba cuban cubans havana
czechia czech czechs prague
denmark danish danes copenhagen
egypt egyptian egyptians cairo
estonia estonian estonians tallinn
ethiopia ethiopian ethiopians
eu european europeans brussels europe
finland finnish finns helsinki
france french paris elysee
georgia georgian georgians tbilisi
germany german germans berlin bundestag
greece greek greeks athens
hungary hungarian hungarians budapest
india indian indians delhi
indonesia indonesian indonesians jakarta
iran iranian iranians tehran
iraq iraqi iraqis baghdad
ireland irish dublin
israel israeli israelis knesset
italy italian italians rome quirinal
japan japanese tokyo
jordan jordanian jordanians amman
kazakhstan kazakh kazakhs astana
kenya kenyan kenyans nairobi
kosovo kosovar kosovars pristina
latvia latvian latvians riga
lebanon lebanese beirut
libya libyan libyans tripoli
lithuania lithuanian lithuanians vilnius
mexico mexican mexicans
moldova moldovan moldovans chisinau
morocco moroccan moroccans rabat
nato alliance
netherlands dutch hague
nigeria nigerian nigerians abuja
norway norwegian norwegians oslo
pakistan pakistani pakistanis islamabad
palestine palestinian palestinians ramallah
peru peruvian peruvians lima
philippines philippine filipino filipinos manila
poland polish poles warsaw
portugal portuguese lisbon
qatar qatari qataris doha
romania romanian romanians bucharest
russia russian russians moscow kremlin
saudi saudis riyadh
serbia serbian serbians belgrade
slovakia slovak slovaks bratislava
slovenia slovenian slovenians ljubljana
somalia somali somalis mogadishu
spain spanish madrid moncloa
sudan sudanese khartoum
sweden swedish swedes stockholm
switzerland swiss bern
syria syrian syrians damascus
taiwan taiwanese taipei
thailand thai thais bangkok
tunisia tunisian tunisians tunis
turkey turkish turks ankara turkiye
ukraine ukrainian ukrainians kyiv bankova
us usa u.s u.s.a american americans washington pentagon
venezuela venezuelan venezuelans caracas
vietnam vietnamese hanoi
yemen yemeni yemenis sanaa
"""
_ACTORS = {word: row.split()[0] for row in _TABLE.strip().splitlines() for word in row.split()}

_OFFICE = (
    r"(?:president|prime minister|premier|chancellor|king|queen|leader|foreign minister|"
    r"defen[cs]e minister|interior minister|finance minister|secretary of state|spokes\w+|"
    r"press secretary|envoy|negotiator|representative|ambassador)"
)
_HOLDER = re.compile(
    rf"\b(?P<place>[A-Z][\w.]+)(?:’s|'s)?\s(?:[\w-]+\s){{0,3}}?{_OFFICE},?\s"
    r"(?P<name>[A-Z][\w’'-]+(?:\s[A-Z][\w’'-]+){0,2})",
    re.IGNORECASE,
)


def actor(word: str, offices: dict[str, str] | None = None) -> str:
    """Give the actor a folded word stands for, or the word itself."""
    known = _ACTORS.get(word) or (offices or {}).get(word)
    if known:
        return known
    return next((place for name, place in (offices or {}).items() if same_name(word, name)), word)


def is_place(word: str) -> bool:
    """Whether a folded word stands in the table."""
    return word in _ACTORS and word != "us"


def offices(texts: Iterable[str]) -> dict[str, str]:
    """Learn from articles for which actor a surname stands: "Moldovan President Maia Sandu"."""
    held: dict[str, str] = {}
    for text in texts:
        for match in _HOLDER.finditer(text):
            place = _ACTORS.get(fold(match["place"]).strip("."))
            names = [word for word in match["name"].split() if word[0].isupper()]
            if place and match["place"][0].isupper() and names:
                held.setdefault(words(names[-1])[0], place)
    return held
