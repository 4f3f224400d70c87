import shutil
import subprocess
import sys
import zipfile

import pytest

import pmskills
from pmskills import ModelError
from pmskills.model_files import packaged_model
from pmskills.packaging import package


def test_wheel_is_installed_by_pip_and_found_by_its_name(tmp_path, analyzer):
    wheel = package(packaged_model(), tmp_path / "dist", name="team_skills", version="1.2")
    assert wheel.name == "team_skills-1.2-py3-none-any.whl"
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        archive.extractall(site)
    code = (
        "import pmskills, spacy, importlib.metadata as m\n"
        "text = 'Resolved escalated guest complaints.'\n"
        "print(pmskills.load('team_skills').predict_proba([text]).tolist())\n"
        "print(spacy.load('team_skills')(text)._.pm_skills.tolist())\n"
        "print(m.version('team_skills'), m.requires('team_skills')[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(site)})
    assert done.returncode == 0, done.stderr
    expected = str(analyzer.predict_proba(["Resolved escalated guest complaints."]).tolist())
    assert done.stdout.splitlines() == [expected, expected, f"1.2 pmskills>={pmskills.__version__}"]


def test_wheel_of_the_same_model_is_the_same(tmp_path):
    one, two = (package(packaged_model(), tmp_path / name, name="m") for name in "ab")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "my-model"}, "'my-model': not a name for a package"),
        ({"name": "m", "version": "one"}, "'one': not a version"),
        ({"name": "class"}, "'class': taken by Python or by pmskills itself"),
        ({"name": "json"}, "'json': taken by Python"),
        ({"name": "pmskills"}, "'pmskills': taken by Python or by pmskills itself"),
    ],
)
def test_bad_names_and_versions_are_refused(tmp_path, options, message):
    with pytest.raises(ModelError, match=message):
        package(packaged_model(), tmp_path, **options)


def test_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no model here"):
        package(tmp_path, tmp_path, name="m")


@pytest.fixture
def stranger(tmp_path):
    shutil.copytree(packaged_model(), tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("before_creation = null", 'before_creation = {"@callbacks": "evil.v1"}', "@callbacks = evil.v1"),
        ('factory = "pm_segmenter"', 'factory = "llm"', "factory = llm"),
        ('factory = "pm_segmenter"', 'source = "/tmp/other"', "source = /tmp/other"),
        ('@tokenizers = "spacy.Tokenizer.v1"', '@tokenizers : "evil.Tokenizer.v1"', "@tokenizers = evil.Tokenizer.v1"),
    ],
)
def test_configuration_that_calls_other_code_is_refused(stranger, old, new, found):
    text = (stranger / "config.cfg").read_text()
    assert old in text
    (stranger / "config.cfg").write_text(text.replace(old, new))
    with pytest.raises(ModelError, match=r"refused, its config.cfg has") as caught:
        pmskills.load(stranger)
    assert found in str(caught.value)


def test_classifier_that_unpacks_without_end_is_refused(stranger):
    file = stranger / "pm_skills" / "classifier.skops"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("schema.json", "w") as stream:
        for _ in range(1_001):
            stream.write(bytes(1_000_000))
    with pytest.raises(ModelError, match=r"classifier.skops: refused, it unpacks to 1001 MB"):
        pmskills.load(stranger)


def test_links_out_of_the_folder_and_broken_configurations_are_refused(stranger):
    (stranger / "extra").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match="refused, extra is a link or larger"):
        pmskills.load(stranger)
    (stranger / "extra").unlink()
    (stranger / "config.cfg").write_text("[[[")
    with pytest.raises(ModelError, match=r"config.cfg cannot be read"):
        pmskills.load(stranger)
    (stranger / "config.cfg").write_text("x" * 200_000)
    with pytest.raises(ModelError, match=r"config.cfg has 200,000 bytes"):
        pmskills.load(stranger)
