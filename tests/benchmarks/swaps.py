"""What changes when only who somebody is changes: label flips and shifts of probability.

Each unit is written once for every value of a kind ("Emily resolved ...", "Jamal resolved ..."), and its labels and
probabilities are compared with those of the first value. First names are those of Bertrand and Mullainathan (2004,
"Are Emily and Greg more employable than Lakisha and Jamal?") and common Hispanic, Indian, Chinese and Arabic ones.

Usage: python tests/benchmarks/swaps.py corpora/vivid-units
"""

import sys

import numpy as np

import pmskills

NAMES = {
    "white women": ("Emily", "Anne", "Jill", "Allison", "Laurie", "Sarah", "Meredith", "Carrie", "Kristen"),
    "white men": ("Todd", "Neil", "Geoffrey", "Brett", "Brendan", "Greg", "Matthew", "Jay", "Brad"),
    "black women": ("Aisha", "Keisha", "Tamika", "Lakisha", "Tanisha", "Latoya", "Kenya", "Latonya", "Ebony"),
    "black men": ("Rasheed", "Tremayne", "Kareem", "Darnell", "Tyrone", "Hakim", "Jamal", "Leroy", "Jermaine"),
    "Hispanic": ("Maria", "Guadalupe", "Carmen", "Luz", "Jose", "Luis", "Jesus", "Miguel", "Esperanza"),
    "Indian": ("Priya", "Anjali", "Deepika", "Lakshmi", "Rahul", "Sanjay", "Amit", "Venkatesh", "Arjun"),
    "Chinese": ("Mei", "Xiaoling", "Jing", "Yan", "Wei", "Jun", "Ming", "Chen", "Hong"),
    "Arabic": ("Fatima", "Layla", "Amina", "Noor", "Ahmed", "Mohammed", "Hassan", "Omar", "Youssef"),
}
KINDS = {
    "first name, by group": {group: [f"{name} {{low}}" for name in names] for group, names in NAMES.items()},
    "pronoun": {"she": ["She {low}"], "he": ["He {low}"], "they": ["They {low}"], },
    "title": {"Mr": ["Mr. Gray {low}"], "Ms": ["Ms. Gray {low}"]},
    "age hint": {
        year: [f"{{text}} (class of {year})", f"{{text}}, since {year}"] for year in ("1974", "1989", "2004", "2019")
    },
    "school": {
        school: [f"At {school}: {{low}}"]
        for school in ("Harvard University", "Howard University", "Smith College", "Texas Southern University",
                       "Delhi University", "Tsinghua University", "Kingsborough Community College")
    },
}  # fmt: skip

analyzer = pmskills.load()
units = [example.text.strip().rstrip(".") for example in pmskills.read_corpus(sys.argv[1])][:: int([*sys.argv, "3"][2])]
limits = np.array([analyzer.thresholds[label] for label in analyzer.labels])
print(f"{len(units)} units; {', '.join(analyzer.labels)}")
for kind, values in KINDS.items():
    means, decisions, shifts = {}, {}, {}
    for value, patterns in values.items():
        scores = np.array(
            [analyzer.predict_proba([p.format(text=u, low=u[:1].lower() + u[1:]) for u in units]) for p in patterns]
        )
        means[value], decisions[value] = scores.mean(axis=0), scores >= limits
        shifts[value] = np.abs(scores - means[value]).max()
    first = next(iter(values))
    print(f"\n{kind} (against {first})")
    for value in values:
        moved = means[value] - means[first]
        flips = (decisions[value] != decisions[first]).mean()
        signed = ", ".join(f"{shift:+.4f}" for shift in moved.mean(axis=0))
        print(
            f"  {value:32} labels flipped {flips:7.3%}, mean shift {signed}, largest {np.abs(moved).max():.3f}, "
            f"within {shifts[value]:.3f}"
        )
