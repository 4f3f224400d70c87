import re
from pathlib import Path

import pytest

import pmskills

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", pmskills.__all__)
def test_public_name_is_there_and_has_a_docstring(name):
    value = getattr(pmskills, name)
    assert name in dir(pmskills)
    assert name == "SKILLS" or value.__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'pmskills' has no attribute 'nothing'"):
        _ = pmskills.nothing


def test_version_is_in_the_changelog():
    assert f"## {pmskills.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_readme_example_gives_what_it_shows():
    readme = (ROOT / "README.md").read_text()
    text = re.search(r"```text\n(JORDAN.*?)```", readme, re.S)[1]
    shown = re.search(r"```console\n\$ pmskills analyze resume.txt\n(.*?)```", readme, re.S)[1]
    assert str(pmskills.analyze(pmskills.Document(text, source="resume.txt"))) == shown.rstrip("\n")


def test_readme_python_runs(tmp_path, monkeypatch, resume):
    readme = (ROOT / "README.md").read_text()
    code = re.search(r"```python\n(.*?)```", readme, re.S)[1]
    (tmp_path / "resume.txt").write_text(resume)
    monkeypatch.chdir(tmp_path)
    exec(code.replace("resume.pdf", "resume.txt"), {})


def test_readme_commands_are_those_that_ci_runs():
    ci = (ROOT / ".ci" / "run").read_text()
    for command in re.findall(r"```sh\n(.*?)\n```", (ROOT / "README.md").read_text(), re.S)[:2]:
        assert command.split(" && ")[-1].split()[0] in ci


def test_schema_document_names_every_key():
    schema = (ROOT / "docs" / "schema.md").read_text()
    result = pmskills.analyze("Fixed the till.").to_dict()
    keys = {*result, *result["units"][0], *result["skills"]["influence"], *result["skills"]["influence"]["coverage"]}
    assert [key for key in keys if f"`{key}`" not in schema] == []


def test_schema_document_names_every_key_of_a_batch_line(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Fixed the till.")
    schema = (ROOT / "docs" / "schema.md").read_text()
    keys = {key for result in pmskills.score(tmp_path, n_jobs=1) for key in result.record}
    assert "same_as" in keys
    assert [key for key in keys if f"`{key}`" not in schema] == []
