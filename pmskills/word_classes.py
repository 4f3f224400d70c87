"""Classes of words that mean the same to a product manager, so that what is learned of one holds for the others.

Written for this project with the annotation guideline open; a word may be in several.
"""

WORD_CLASSES: dict[str, str] = {
    "improve": """
        improve enhance optimize optimise streamline strengthen boost refine maximize maximise accelerate expedite
        modernize modernise simplify revamp overhaul perfect uplift elevate upgrade standardize standardise automate
        consolidate digitize improvement enhancement optimization optimisation tune tweak
    """,
    "change": """
        transform restructure reengineer re-engineer redesign rework rebuild reorganize reorganise revise revitalize
        turnaround replace convert migrate redefine rewrite reconfigure adjust modify reform rearrange reroute
        relocate retool rationalize rationalise
    """,
    "reduce": """
        reduce decrease cut lower minimize minimise eliminate shorten curb trim slash mitigate avoid prevent lessen
        shrink halve save alleviate eradicate reduction elimination savings saving diminish drop cutback offset
        contain
    """,
    "increase": """
        increase raise grow double triple expand exceed surpass gain generate rise growth quadruple multiply
    """,
    "resolve": """
        resolve solve fix repair troubleshoot debug correct remedy rectify tackle recover restore cure patch mend
        overcome resolution troubleshooting restoration recovery correction unblock rescue salvage reconcile
        remediate remediation diagnose rectification repairing fault-finding
    """,
    "handle": "handle address deal respond manage process follow investigate attend",
    "find": """
        identify detect discover diagnose uncover spot pinpoint trace isolate find notice recognize recognise reveal
        expose flag catch realize realise unearth determine ascertain observe identification detection diagnosis
    """,
    "examine": """
        investigate analyze analyse assess evaluate audit inspect examine research review study compare benchmark
        test check monitor investigation analysis assessment evaluation verify validate probe track measure
    """,
    "decide": "decide choose select prioritize prioritise weigh opt determine recommend conclude judge",
    "build": """
        develop build create design implement write code program construct establish launch introduce deploy install
        configure produce deliver author draft engineer architect formulate devise institute initiate set found
        pioneer invent
    """,
    "operate": """
        process maintain prepare operate file record enter post order stock clean drive load schedule compile update
        administer perform conduct complete execute count issue distribute collect submit
    """,
    "serve": """
        assist help serve support guide advise counsel greet welcome consult answer respond accommodate aid escort
        care comfort reassure explain inform orient host tend attend nurture console accompany assistance guidance
        advice counselling counseling
    """,
    "teach": """
        teach educate train tutor instruct coach mentor demonstrate show onboard lecture orient facilitate teaching
        tutoring training coaching mentoring
    """,
    "listen": """
        interview survey gather solicit listen ask observe poll elicit shadow consult learn understand collect
    """,
    "tailor": """
        tailor customize customise adapt personalize personalise individualize individualise accommodate
        differentiate adjust modify suit
    """,
    "relate": """
        build maintain cultivate foster develop strengthen establish nurture forge retain engage connect interact
        communicate relationship rapport relation relationships
    """,
    "persuade": """
        persuade convince pitch propose recommend advocate champion lobby urge influence promote argue win secure
        gain obtain sway justify encourage motivate inspire advise endorse sponsor recommendation proposal advocacy
    """,
    "negotiate": """
        negotiate renegotiate bargain mediate arbitrate settle negotiation mediation broker haggle reconcile
        compromise
    """,
    "align": """
        coordinate facilitate align collaborate partner unite liaise integrate liaison moderate chair convene
        organize organise rally mobilize mobilise bridge engage consult cooperate unify partnership collaboration
        alliance coalition consensus
    """,
    "command": """
        manage supervise lead oversee direct head run hire recruit assign delegate staff supervision schedule
        discipline terminate
    """,
    "report": "report present document prepare brief communicate submit presentation record log",
    "attend": "attend participate join contribute involved member",
    "sell": "sell upsell cross-sell market promote prospect close sale sales quota",
    "fund": "raise fundraise fund secure solicit donate grant funding sponsorship donation",
    "customer": """
        customer client guest patient student user member resident tenant passenger shopper visitor parent family
        child patron consumer caller policyholder donor citizen beneficiary participant learner applicant buyer
        individual community public pupil subscriber homeowner veteran youth borrower taxpayer end-user kid adult
        elder senior inmate household claimant insured person audience viewer reader traveler traveller diner
        toddler infant people attendee constituent candidate
    """,
    "colleague": """
        employee staff colleague associate personnel user faculty teacher team coworker co-worker manager
    """,
    "problem": """
        problem issue bug defect error discrepancy complaint outage downtime failure incident delay loss waste
        bottleneck gap risk conflict dispute escalation variance backlog damage inefficiency weakness deficiency
        hazard fraud irregularity inaccuracy exception fault malfunction breakdown leak shortage mistake violation
        threat vulnerability concern obstacle barrier disruption crash crisis anomaly trouble shortcoming infection
        shrinkage rework redundancy overpayment overrun non-compliance emergency misalignment overtime deviation
        nonconformance churn absenteeism turnover accident injury
    """,
    "measure": """
        cost time expense efficiency productivity quality accuracy performance satisfaction retention speed rate
        turnaround reliability profitability safety throughput cycle uptime margin revenue yield morale loyalty
        outcome effectiveness response delivery availability consistency stability visibility scalability workflow
    """,
    "process": """
        process procedure system workflow operation program method practice policy tool layout design standard
        structure software application database report website inventory
    """,
    "need": """
        need request question inquiry enquiry preference feedback expectation requirement query wish want goal
        desire concern satisfaction experience comfort interest comment suggestion voice
    """,
    "leader": """
        management executive leadership board director president officer ceo cio cfo vp stakeholder owner council
        senior investor sponsor commander principal decision-maker superintendent
    """,
    "peer": """
        department team stakeholder vendor supplier partner agency official committee leader manager physician
        division regulator union government contractor organization organisation engineering marketing finance legal
        operations attorney engineer doctor unit business developer cross-functional interdepartmental
        interdisciplinary multidisciplinary cross-departmental provider
    """,
    "agreement": """
        contract agreement term price pricing buy-in consensus approval funding budget deal rate lease settlement
        partnership adoption alliance concession
    """,
    "idea": """
        idea initiative proposal recommendation plan strategy change solution suggestion improvement case concept
    """,
    "staff": """
        employee staff team worker subordinate crew hire associate personnel intern trainee volunteer agent
    """,
    "money": """
        cash payment invoice account payroll receivable payable deposit check bill billing transaction ledger
        journal
    """,
    "claim": """
        proven ability skill expertise experienced proficient strong excellent adept knowledge knowledgeable skilled
        motivated dedicated professional expert demonstrated exceptional capable passionate seasoned oriented driven
        self-starter track detail-oriented versatile seeking objective proficiency competent familiar
    """,
    "good": """
        effective efficient successful quality better best timely superior positive friendly courteous compassionate
        prompt personal excellent outstanding
    """,
}
