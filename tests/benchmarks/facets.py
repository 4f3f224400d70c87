"""How right the facets of evidence are on documents not trained on, thresholds included.

Usage: python tests/benchmarks/facets.py corpora/pm-evidence
"""

import sys

import numpy as np
from sklearn.metrics import f1_score, precision_score, recall_score
from sklearn.model_selection import GroupKFold

import pmskills
from pmskills.facets import train_facets
from pmskills.pipeline import tagged
from pmskills.skills import SKILLS

analyzer = pmskills.load()
space = analyzer.parts[0]
examples = [example for example in pmskills.read_corpus(sys.argv[1]) if example.facets]
counts = space.transform(list(tagged(analyzer.nlp, [example.text for example in examples])))
groups = [example.document for example in examples]
found = [set() for _ in examples]
for rest, held_out in GroupKFold(5, shuffle=True, random_state=1).split(examples, groups=groups):
    # Thresholds are chosen on folds of the rest alone.
    model = train_facets(space, counts[rest], [examples[row] for row in rest], analyzer.labels, seed=0)
    for skill in SKILLS:
        rows = [row for row in held_out if skill.key in examples[row].labels]
        for row, facets in zip(rows, model.predict(skill.key, counts[rows]), strict=True):
            found[row].update(facets)
scores = []
print(f"{'facet':12} precision recall    F1 units")
for skill in SKILLS:
    rows = [row for row, example in enumerate(examples) if skill.key in example.labels]
    for facet in skill.facets:
        truth = [facet in examples[row].facets for row in rows]
        said = [facet in found[row] for row in rows]
        precision, recall, f1 = (
            score(truth, said, zero_division=0) for score in (precision_score, recall_score, f1_score)
        )
        scores.append(f1)
        print(f"{facet:12} {precision:9.3f} {recall:6.3f} {f1:5.3f} {sum(truth):5}")
print(f"macro F1 {np.mean(scores):.3f} on {len(examples)} units of {len(set(groups))} documents")
