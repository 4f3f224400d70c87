"""Files as the tools write them: Argilla's and Label Studio's made with their own packages, with texts of ours."""

import json

import pytest

from pmskills import CorpusError, read_corpus


def written(tmp_path, name, content):
    file = tmp_path / name
    if isinstance(content, str):
        file.write_text(content, encoding="utf8")
    elif name.endswith(".jsonl"):
        file.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf8")
    else:
        file.write_text(json.dumps(content, indent=1), encoding="utf8")
    return file


def read(tmp_path, name, content):
    corpus = read_corpus(written(tmp_path, name, content))
    return corpus, [(example.text, example.labels) for example in corpus]


EXPECTED = [("Fixed the till.", ("problem", "customer")), ("Sold tea.", ("customer",)), ("Swept.", ())]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_table_with_a_column_of_names(tmp_path, delimiter):
    separator = "|" if delimiter == ";" else ";"
    rows = [
        ["text", "labels", "document"],
        ["Fixed the till.", f"problem{separator} customer", "d1"],
        ["Sold tea.", "customer", "d1"],
        ["Swept.", "", "d2"],
    ]
    corpus, found = read(tmp_path, "c.csv", "\ufeff" + "\n".join(delimiter.join(row) for row in rows))
    assert found == EXPECTED
    assert corpus[2].document == "d2"
    assert corpus.formats == ("TSV" if delimiter == "\t" else "CSV",)


def test_table_with_a_column_for_each_label(tmp_path):
    text = "id,sentence,problem,customer\n1,Fixed the till.,1,yes\n2,Sold tea.,0,x\n3,Swept.,,no\n"
    assert read(tmp_path, "c.csv", text)[1] == EXPECTED


PRODIGY = {"_task_hash": 1, "_view_id": "classification", "_session_id": "ann", "_timestamp": 1700000000}


def test_prodigy_binary_rows_are_put_together_and_ignored_ones_left_out(tmp_path):
    rows = [
        {"text": "Fixed the till.", "_input_hash": 11, "label": "problem", "answer": "accept", **PRODIGY},
        {"text": "Sold tea.", "_input_hash": 12, "label": "problem", "answer": "reject", **PRODIGY},
        {"text": "Fixed the till.", "_input_hash": 11, "label": "customer", "answer": "accept", **PRODIGY},
        {"text": "Sold tea.", "_input_hash": 12, "label": "customer", "answer": "accept", **PRODIGY},
        {"text": "Swept.", "_input_hash": 13, "label": "problem", "answer": "reject", **PRODIGY},
        {"text": "Unclear", "_input_hash": 14, "label": "problem", "answer": "ignore", **PRODIGY},
    ]
    corpus, found = read(tmp_path, "c.jsonl", rows)
    assert found == EXPECTED
    assert corpus.formats == ("Prodigy",)
    assert corpus.skipped == (f"{tmp_path}/c.jsonl:6: ignored by the annotator",)
    assert {example.annotator for example in corpus} == {"ann"}


def test_prodigy_choices_are_read_by_their_ids(tmp_path):
    options = {"options": [{"id": "problem", "text": "Problem solving"}, {"id": "customer", "text": "Customer"}]}
    rows = [
        {
            "text": "Fixed the till.",
            "_input_hash": 1,
            **options,
            "accept": ["problem", "customer"],
            "answer": "accept",
            "meta": {"document": "d1"},
        },
        {"text": "Sold tea.", "_input_hash": 2, **options, "accept": ["customer"], "answer": "accept"},
        {"text": "Swept.", "_input_hash": 3, **options, "accept": [], "answer": "accept"},
        {"text": "Other", "_input_hash": 4, **options, "accept": ["problem"], "answer": "reject"},
    ]
    corpus, found = read(tmp_path, "c.jsonl", rows)
    assert found == EXPECTED
    assert corpus[0].document == "d1"
    assert len(corpus.skipped) == 1


def annotation(number, *choices, **more):
    result = [
        {"id": "x", "type": "choices", "from_name": "skill", "to_name": "text", "value": {"choices": list(choices)}}
    ]
    return {"id": number, "completed_by": 1, "was_cancelled": False, "result": result if choices else [], **more}


def test_label_studio_annotations_count_predictions_and_cancelled_ones_do_not(tmp_path):
    tasks = [
        {
            "id": 1,
            "data": {"text": "Fixed the till.", "document": "d1"},
            "annotations": [annotation(5, "problem", "customer")],
            "predictions": [{"result": [{"type": "choices", "value": {"choices": ["influence"]}}]}],
        },
        {
            "id": 2,
            "data": {"text": "Sold tea."},
            "annotations": [
                annotation(6, "problem", was_cancelled=True),
                annotation(7, "customer", completed_by={"id": 2, "email": "bo@x.example"}),
            ],
        },
        {"id": 3, "data": {"text": "Swept."}, "annotations": [annotation(8)]},
        {"id": 4, "data": {"text": "Later"}, "annotations": [], "predictions": [{"result": []}]},
    ]
    corpus, found = read(tmp_path, "export.json", tasks)
    assert found == EXPECTED
    assert corpus.formats == ("Label Studio JSON",)
    assert [example.annotator for example in corpus] == ["1", "bo@x.example", "1"]
    assert corpus.skipped == (
        f"{tmp_path}/export.json:2: skipped by the annotator",
        f"{tmp_path}/export.json:4: not annotated yet (predictions do not count)",
    )


def test_label_studio_min_choice_is_a_text_or_an_object(tmp_path):
    common = {
        "annotator": 1,
        "annotation_id": 5,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "lead_time": 3.2,
    }
    tasks = [
        {"text": "Fixed the till.", "shop": "North", "id": 1, "skill": {"choices": ["problem", "customer"]}, **common},
        {"text": "Sold tea.", "shop": "North", "id": 2, "skill": "customer", **common},
        {"text": "Swept.", "shop": "South", "id": 3, **common},
    ]
    assert read(tmp_path, "export.json", tasks)[1] == EXPECTED
    for task in tasks:
        task.pop("skill", None)
        task["town"] = "X"
    with pytest.raises(CorpusError, match="any of shop, town could be the label"):
        read(tmp_path, "export.json", tasks)


@pytest.mark.parametrize("key", ["label", "labels"])
def test_doccano_lists(tmp_path, key):
    rows = [{"id": row, "text": text, key: list(labels), "Comments": []} for row, (text, labels) in enumerate(EXPECTED)]
    corpus, found = read(tmp_path, "all.jsonl", rows)
    assert found == EXPECTED
    assert corpus.formats == ("doccano",)


def test_doccano_annotations_of_several_users(tmp_path):
    rows = [
        {
            "id": 1,
            "text": "Sold tea.",
            "annotations": [{"label": 1, "user": 1}, {"label": 2, "user": 1}, {"label": 2, "user": 2}],
            "meta": {},
        },
        {"id": 2, "text": "Swept.", "annotations": [], "meta": {}},
    ]
    corpus, found = read(tmp_path, "file.jsonl", rows)
    assert found == [("Sold tea.", ("1", "2")), ("Sold tea.", ("2",)), ("Swept.", ())]
    assert [example.annotator for example in corpus] == ["1", "2", None]


def argilla(text, answers, suggested=()):
    return {
        "id": text,
        "fields": {"text": text},
        "metadata": {"document": "d1"},
        "suggestions": {"skills": {"value": list(suggested), "score": None, "agent": "m"}},
        "responses": {"skills": answers} if answers else {},
        "vectors": {},
        "status": "completed",
        "_server_id": None,
    }


@pytest.mark.parametrize("name", ["records.json", "records.jsonl"])
def test_argilla_responses_count_and_suggestions_do_not(tmp_path, name):
    records = [
        argilla("Fixed the till.", [{"value": ["problem", "customer"], "user_id": "u1"}], ["influence"]),
        argilla("Sold tea.", [{"value": ["customer"], "user_id": "u1"}]),
        argilla("Swept.", [{"value": [], "user_id": "u2"}]),
        argilla("Open", [], ["problem"]),
    ]
    corpus, found = read(tmp_path, name, records)
    assert found == EXPECTED
    assert (corpus[2].annotator, corpus[2].document) == ("u2", "d1")
    assert corpus.skipped == (f"{tmp_path}/{name}:4: no response yet (suggestions do not count)",)


def test_argilla_feedback_records_of_version_1(tmp_path):
    records = [
        {
            "fields": {"text": "Fixed the till."},
            "responses": [
                {"user_id": "u1", "status": "submitted", "values": {"skills": {"value": ["problem", "customer"]}}}
            ],
            "suggestions": [],
            "metadata": {},
        },
        {
            "fields": {"text": "Sold tea."},
            "responses": [{"user_id": "u1", "status": "submitted", "values": {"skill": {"value": "customer"}}}],
            "suggestions": [],
        },
        {
            "fields": {"text": "Swept."},
            "responses": [
                {"user_id": "u1", "status": "submitted", "values": {"skills": {"value": []}}},
                {"user_id": "u2", "status": "discarded", "values": {}},
            ],
            "suggestions": [],
        },
    ]
    corpus, found = read(tmp_path, "records.json", records)
    assert found == EXPECTED
    assert corpus.skipped == (f"{tmp_path}/records.json:3: a response that is discarded",)


def test_spacy_docbin(tmp_path):
    import spacy
    from spacy.tokens import DocBin

    nlp = spacy.blank("en")
    docs = [nlp.make_doc(text) for text, _ in EXPECTED]
    for doc, (_, labels) in zip(docs, EXPECTED, strict=True):
        doc.cats = {label: float(label in labels) for label in ("problem", "customer")}
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    corpus = read_corpus(tmp_path / "train.spacy")
    assert [(example.text, example.labels) for example in corpus] == EXPECTED
    docs[1].cats = {}
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    with pytest.raises(CorpusError, match=r"train.spacy:2: the Doc has no cats"):
        read_corpus(tmp_path / "train.spacy")


def test_hugging_face_dataset_folder(tmp_path):
    datasets = pytest.importorskip("datasets")
    names = datasets.Sequence(datasets.ClassLabel(names=["problem", "customer"]))
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": names, "document": datasets.Value("string")}
    )
    rows = {
        "text": [text for text, _ in EXPECTED],
        "label": [list(labels) for _, labels in EXPECTED],
        "document": ["d1"] * 3,
    }
    datasets.DatasetDict({"train": datasets.Dataset.from_dict(rows, features)}).save_to_disk(tmp_path / "hub")
    corpus = read_corpus(tmp_path / "hub")
    assert [(example.text, example.labels) for example in corpus] == EXPECTED
    assert corpus[0].document == "d1"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("c.csv", "name,age\nAnn,3\n", "c.csv:1: the columns are name, age; expected a text"),
        ("c.csv", "text\nSold tea.\n", "c.csv:1: only a text column; expected labels"),
        ("c.csv", "text,a\nSold tea.,maybe\n", "c.csv:2: a is 'maybe'; expected 1 or 0, yes or no"),
        ("c.csv", "text,a\nSold tea.\n", "c.csv:2: 2 cells; expected 2|c.csv:2: "),
        ("c.csv", "text,a\n,1\n", "c.csv:2: no text"),
        ("c.jsonl", '{"text": "x", "label": "a", "answer": "maybe"}', "c.jsonl:1: answer is 'maybe'; expected accept"),
        ("c.jsonl", '{"text": "x", "answer": "accept"}', "c.jsonl:1: label is None; expected a name"),
        ("c.jsonl", '{"text": "x", "spans": [], "answer": "accept"}', "c.jsonl:1: spans without labels"),
        ("c.jsonl", '{"text": "x", "label": [[0, 1, "a"]]}', "c.jsonl:1: labels are spans"),
        (
            "c.json",
            '[{"data": {"text": "x"}, "annotations": [{"result": [{"type": "labels"}]}]}]',
            "c.json:1: a result of type 'labels'",
        ),
        ("c.json", "[1]", "c.json:1: not an object"),
        ("c.json", "[", "c.json: not JSON"),
        ("c.spacy", "x", "c.spacy: not a spaCy DocBin"),
        (
            "c.json",
            '[{"data": {"text": "x"}, "annotations": []}]',
            "no labelled unit in it .1 were left out; the first",
        ),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path, name, content, message):
    with pytest.raises(CorpusError, match=message):
        read(tmp_path, name, content)


def test_all_problems_are_told_at_once(tmp_path):
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, "c.jsonl", '{"text": "x", "labels": []}\n{\n[]\n' + "{\n" * 30)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0].rsplit(":", 1)[1] for line in lines[:3]] == ["2", "3", "4"]
    assert lines[-1] == "... and 12 more problems."


def test_folder_may_hold_files_of_several_tools(tmp_path):
    written(tmp_path, "a.csv", "text,labels\nSold tea.,customer\n")
    written(tmp_path, "b.jsonl", [{"text": "Swept.", "labels": []}])
    corpus = read_corpus(tmp_path)
    assert (len(corpus), corpus.formats) == (2, ("CSV", "pmskills JSON lines"))


def test_columns_with_details_are_known_in_any_case(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("Text,Label,Document\nFixed it,a,cv1\n")
    (example,) = read_corpus(file)
    assert example.document == "cv1"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.jsonl", '{"text":"foo","annotations":null,"label":["a"]}'),
        ("l.json", '[{"id":1,"data":"foo","annotations":[]}]'),
        ("m.json", '[{"id":1,"data":{"text":"x"},"annotations":[5]}]'),
        ("a.jsonl", '{"fields":"foo","responses":{}}'),
        ("b.jsonl", '{"fields":{"text":"x"},"responses":{"label":null}}'),
    ],
)
def test_exports_of_another_form_are_refused_with_their_place(tmp_path, name, content):
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(CorpusError, match=rf"{name}:1: not of the form"):
        read_corpus(file)
