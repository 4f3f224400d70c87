import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmskills import CorpusError, Example, read_corpus
from pmskills.corpus import corpus_hash, write_corpus

LINE = '{"text": "Fixed it.", "labels": ["problem_solving"]}\n'


def write(tmp_path, text, name="c.jsonl"):
    file = tmp_path / name
    file.write_text(text, encoding="utf8")
    return file


def test_folder_is_read_with_its_subfolders_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    write(tmp_path, '{"text": "Second", "labels": []}\n', "b/x.jsonl")
    write(tmp_path, LINE, "a.jsonl")
    assert [example.text for example in read_corpus(tmp_path)] == ["Fixed it.", "Second"]


def test_source_counts_as_document(tmp_path):
    file = write(tmp_path, '{"text": "x", "labels": [], "source": "r1"}')
    assert read_corpus(file)[0].document == "r1"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"c.jsonl:2: not JSON"),
        ("[1]", r"c.jsonl:2: no text; expected"),
        ('{"text": " ", "labels": []}', r"c.jsonl:2: no text"),
        ('{"text": "x"}', r"c.jsonl:2: labels are null; expected"),
        ('{"text": "x", "labels": "a"}', r'c.jsonl:2: labels are "a"'),
        ('{"text": "x", "labels": [], "facets": "a"}', r'c.jsonl:2: facets are "a"; expected a list'),
        ('{"text": "x", "labels": [], "weight": 0}', r"c.jsonl:2: weight is 0; expected a number above 0"),
        ('{"text": "x", "labels": [], "weight": "a"}', r'c.jsonl:2: weight is "a"; expected a number above 0'),
    ],
)
def test_bad_line_is_named_with_its_number(tmp_path, line, message):
    with pytest.raises(CorpusError, match=message):
        read_corpus(write(tmp_path, LINE + line))


def test_missing_empty_and_other_encodings_are_named(tmp_path):
    with pytest.raises(CorpusError, match="there is no such file or folder"):
        read_corpus(tmp_path / "none")
    with pytest.raises(CorpusError, match=r"there is no .jsonl, .json, .csv, .tsv, .spacy file in this folder"):
        read_corpus(tmp_path)
    with pytest.raises(CorpusError, match="there is no labelled unit in it"):
        read_corpus(write(tmp_path, "\n"))
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "caf\xe9"}')
    with pytest.raises(CorpusError, match="not UTF-8 text"):
        read_corpus(tmp_path / "latin.jsonl")


NAMES = st.text(min_size=1, max_size=9)
TEXTS = st.text(min_size=1).filter(str.strip)
EXAMPLES = st.lists(
    st.builds(
        Example,
        TEXTS,
        st.lists(NAMES, unique=True).map(tuple),
        st.none() | NAMES,
        st.none() | NAMES,
        st.none() | NAMES,
        st.lists(NAMES).map(tuple),
        st.none() | NAMES,
        st.floats(0.01, 100),
    ),
    min_size=1,
)


@given(EXAMPLES)
def test_written_corpus_is_read_back_equal(tmp_path_factory, examples):
    file = tmp_path_factory.mktemp("corpus") / "c.jsonl"
    write_corpus(examples, file)
    assert read_corpus(file) == examples
    assert corpus_hash(read_corpus(file)) == corpus_hash(examples)


def test_hash_changes_with_a_label_and_a_weight():
    assert corpus_hash([Example("a", ())]) != corpus_hash([Example("a", ("x",))])
    assert corpus_hash([Example("a", ())]) != corpus_hash([Example("a", (), weight=0.5)])


def test_a_table_that_cannot_be_written_leaves_the_file_alone(tmp_path):
    file = tmp_path / "mine.tsv"
    file.write_text("precious")
    with pytest.raises(CorpusError, match="a table holds no facets"):
        write_corpus([Example("a", ("b",)), Example("c", ("d",), facets=("solved",))], file)
    assert file.read_text() == "precious"


def test_half_a_character_is_named_with_its_line(tmp_path):
    file = tmp_path / "cut.jsonl"
    file.write_text('{"text": "fine", "labels": []}\n{"text": "Fixed \\ud83d it", "labels": ["a"]}\n')
    with pytest.raises(CorpusError, match=r"cut\.jsonl:2: the text holds half of a character"):
        read_corpus(file)
    with pytest.raises(CorpusError, match="not written, a text holds half of a character"):
        write_corpus([Example("a \ud83d", ())], file)
    assert file.read_text().startswith('{"text": "fine"')
