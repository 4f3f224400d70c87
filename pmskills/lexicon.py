"""Closed word lists of resume layout: headings, abbreviations, leading verbs, months."""

MONTHS = "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|spring|summer|fall|winter|autumn"

HEADINGS: dict[str, str] = {
    heading: section
    for section, headings in {
        "summary": """summary|professional summary|executive summary|career summary|summary of qualifications|profile|
            professional profile|executive profile|personal profile|career profile|career overview|overview|objective|
            career objective|objectives|professional objective|job objective|about me|about|personal statement|
            professional overview|career focus|professional background|background|cover letter|introduction""",
        "experience": """experience|work experience|professional experience|work history|employment history|employment|
            career history|relevant experience|other experience|additional experience|related experience|
            volunteer experience|teaching experience|military experience|clinical experience|sales experience|
            professional history|projects|project details|project experience|academic projects|internship|internships|
            relevant work experience|previous experience|work background|positions held|employment experience|
            working experience|job experience|professional work experience|key projects|project|volunteer work|
            leadership experience|management experience|industrial experience|career experience|company details""",
        "skills": """skills|core competencies|technical skills|areas of expertise|core qualifications|skill highlights|
            computer skills|key skills|additional skills|qualifications|skills summary|summary of skills|skill set|
            skill sets|skill details|professional skills|software|software skills|technical proficiencies|competencies|
            expertise|strengths|key strengths|languages|language skills|highlights|core skills|it skills|skills and abilities|
            technical expertise|technical summary|technologies|tools|core strengths|skills and qualifications|
            key competencies|relevant skills|skills and expertise|tools and technologies|programming languages|
            areas of strength|professional highlights|soft skills|hard skills|special skills|technical qualifications""",
        "education": """education|education and training|education details|academic qualifications|educational background|
            academic background|training|education and certifications|academic profile|educational qualifications|
            educational qualification|academic qualification|academic details|academics|education and credentials|
            education and qualifications|coursework|relevant coursework|formal education|professional training|
            trainings|education training|courses|academic credentials|academic achievements|military education""",
        "other": """accomplishments|achievements|awards|certifications|interests|hobbies|references|publications|
            affiliations|professional affiliations|activities|volunteer|personal information|additional information|
            military|community service|honors|honors and awards|awards and honors|licenses|certificates|memberships|
            licenses and certifications|activities and honors|certifications and licenses|personal details|declaration|
            extracurricular activities|personal|presentations|patents|conferences|community involvement|
            awards and achievements|awards and recognition|selected accomplishments|key achievements|
            key accomplishments|extra curricular activities|professional memberships|contact|contact information|
            memberships and affiliations|professional associations|organizations|volunteering|military service|
            hobbies and interests|interests and hobbies|professional development|certification|credentials""",
    }.items()
    for heading in "".join(line.strip() for line in headings.splitlines()).split("|")
}  # fmt: skip

ABBREVIATIONS = frozenset(
    """st mr mrs ms dr prof sr jr rev hon gen col capt lt sgt cpl maj gov pres dept univ assn assoc bros inc ltd co corp
    llc plc pvt no nos vol fig approx appx est etc vs cf al eg ie viz e.g i.e a.m p.m u.s u.k u.n u.s.a ph.d m.d b.s b.a
    m.s m.a b.sc m.sc b.tech m.tech b.com m.com b.e m.e m.b.a mba.s bsc msc ext tel fax jan feb mar apr jun jul aug sep
    sept oct nov dec mon tue wed thu fri sat sun hrs hr min mins wk wks mo mos yr yrs lbs lb oz ft sq in ave blvd rd hwy
    bldg apt ste mt mfg mgr mgmt asst admin acct govt intl natl tech eng mech elec misc incl excl dia qty temp ed eds ann
    inst engr supt rm avg""".split()
)  # fmt: skip

CONTINUES = frozenset(
    """and or of the a an to for with in on by at from as & their its our that which including such is are was were be
    into than via per under over between within through both his her my your any all other who where while this these
    those each every not no without upon towards toward using regarding but nor also has have had will would can could
    several various""".split()
)  # fmt: skip

_LEADS = """accomplish achieve act adapt address administer advise advocate aid allocate analyze analyse answer apply appraise
approve arrange assemble assess assign assist attend audit author balance bill book brief build calculate calibrate
clean coach collaborate collect communicate compile complete compose conceive conduct configure confirm consult contact
contribute control convert convince coordinate co-ordinate correct counsel create cultivate cut define delegate deliver demonstrate
deploy design detect determine develop devise diagnose direct dispatch distribute document draft drive earn edit educate
eliminate enable encourage enforce engage engineer enhance ensure establish estimate evaluate examine exceed execute
expand expedite explain facilitate file finalize forecast formulate foster fulfill gather generate greet guide handle
help hire host identify implement improve increase influence inform initiate inspect install instruct integrate interact
interface interpret interview introduce investigate issue launch lead learn liaise load maintain manage market maximize measure
mediate meet mentor migrate minimize model modify monitor motivate negotiate observe obtain offer open operate optimize
orchestrate order organize organise originate oversee participate partner perform persuade pioneer place plan prepare present
prioritize process procure produce program promote propose prospect provide publish purchase raise receive recommend
reconcile record recruit redesign reduce refer register repair replace report represent research resolve respond
restock restructure retain retrieve review revise run save schedule screen secure select sell serve service set settle ship simplify
solve sort source spearhead standardize start stock streamline strengthen structure study submit succeed suggest
supervise supply support surpass survey sustain take teach test track train transfer transform transition translate
transport travel treat troubleshoot update upgrade use utilize utilise validate verify visit volunteer welcome work write""".split()
_IRREGULAR = """built led drove met oversaw ran sold set spoke taught took wrote won held kept made gave did began brought
came chose cut dealt found got grew hired knew left paid put rebuilt sent spent went troubleshot undertook responsible""".split()


def _forms(verb: str) -> tuple[str, ...]:
    stem = verb[:-1] if verb.endswith("e") else verb
    past = (
        verb + "d"
        if verb.endswith("e")
        else verb[:-1] + "ied"
        if verb[-1] == "y" and verb[-2] not in "aeo"
        else verb + "ed"
    )
    doubled = verb + verb[-1]
    third = (
        verb[:-1] + "ies" if verb[-1] == "y" and verb[-2] not in "aeo" else verb + ("es" if verb[-1] in "sxzh" else "s")
    )
    return verb, past, doubled + "ed", stem + "ing", doubled + "ing", third


# Past tenses and such bases as are never nouns: with a capital in mid-line they begin a new statement.
PLAIN_VERBS = (
    frozenset(_forms(verb)[form] for verb in _LEADS for form in (1, 2))
    | frozenset(_IRREGULAR)
    | frozenset(
        """achieve assist collaborate communicate coordinate develop ensure establish facilitate handle identify implement
        maintain manage oversee participate perform prepare provide resolve responsible supervise troubleshoot utilize
        monitor conduct""".split()
    )
) - frozenset(
    (
        "co-ordinated",
        "set",
        "cut",
        "left",
        "found",
        "made",
        "used",
        "united",
        "integrated",
        "led",
        "related",
        "aided",
        "registered",
    )
)

LEAD_VERBS = frozenset(form for verb in _LEADS for form in _forms(verb)) | frozenset(_IRREGULAR)
