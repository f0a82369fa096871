"""A release from outside: whole, signed by who counts, sensible, or not taken."""

import zipfile
from dataclasses import replace

import pytest

from inference import folders
from inference.contract import Exclusion, Text
from inference.registry import ModelRefused
from inference.releases import handling, manifest, package, shipping
from inference.releases.opening import open_release
from inference.releases.trust import Signer, Trust
from security.signatures import KeyRefused, generate, read_public
from tests.support.model_releases import CREATED, files_of, put

OPEN = Trust()


@pytest.fixture
def key(tmp_path):
    generate(tmp_path / "key")
    return tmp_path / "key"


def trusting(*keys, demanded=True) -> Trust:
    return Trust(tuple(read_public(k.with_name(k.name + ".pub")) for k in keys), demanded)


@pytest.mark.parametrize("name", ["china-par-1.1.0.zip", "china-par-1.1.0"])
def test_a_release_is_a_zip_or_a_folder_and_reads_the_same(tmp_path, name):
    package.write(tmp_path / name, files_of())
    opened = open_release(tmp_path / name, OPEN)
    assert opened.definition == replace(folders.definition("china_par"), version="1.1.0")
    assert opened.files == files_of()
    assert opened.signer is None
    with pytest.raises(ModelRefused, match="is there already"):
        package.write(tmp_path / name, files_of())


def test_signing_names_the_key_and_only_a_trusted_one_counts(tmp_path, key):
    path = put(tmp_path)
    with pytest.raises(ModelRefused, match="is not signed"):
        open_release(path, trusting(key))
    handling.sign_in_place(path, key)
    public = read_public(tmp_path / "key.pub")
    assert open_release(path, trusting(key)).signer == Signer(public.id, True)
    generate(tmp_path / "other")
    with pytest.raises(ModelRefused, match=f"the key {public.id}, which is not trusted"):
        open_release(path, trusting(tmp_path / "other"))
    assert open_release(path, OPEN).signer == Signer(public.id, False)


def test_a_signature_over_other_bytes_is_refused_even_where_none_is_demanded(tmp_path, key):
    signed = handling.signed(files_of(), key, where="x")
    moved = files_of("1.2.0") | {manifest.SIGNATURE: signed[manifest.SIGNATURE]}
    package.write(tmp_path / "china-par-1.2.0", moved)
    with pytest.raises(ModelRefused, match="does not fit"):
        open_release(tmp_path / "china-par-1.2.0", trusting(key, demanded=False))


def test_production_demands_a_signature_and_so_does_a_named_key(key):
    public = [key.with_name("key.pub")]
    assert Trust.of([], production=True).demanded
    assert Trust.of(public, production=False).demanded
    assert not Trust.of([], production=False).demanded
    with pytest.raises(ModelRefused, match="no public key can be read"):
        Trust.of([key], production=False)


def test_a_private_key_is_its_owner_s_alone_and_never_overwritten(tmp_path, key):
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyRefused, match="never overwritten"):
        generate(key)
    key.chmod(0o640)
    with pytest.raises(ModelRefused, match="others may read it"):
        handling.sign_in_place(put(tmp_path), key)
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    with pytest.raises(KeyRefused, match="is a repository"):
        generate(tmp_path / "clone" / "keys")


def test_a_file_that_the_manifest_does_not_name_is_refused(tmp_path):
    package.write(tmp_path / "china-par-1.1.0", files_of() | {"more.bin": b"x"})
    with pytest.raises(ModelRefused, match=r"more\.bin: the manifest does not name it"):
        open_release(tmp_path / "china-par-1.1.0", OPEN)


@pytest.mark.parametrize("name", sorted(files_of()))
def test_a_file_that_is_missing_is_refused(tmp_path, name):
    files = {other: content for other, content in files_of().items() if other != name}
    package.write(tmp_path / "china-par-1.1.0", files)
    with pytest.raises(ModelRefused):
        open_release(tmp_path / "china-par-1.1.0", OPEN)


def test_links_and_folders_inside_a_release_are_refused(tmp_path):
    path = tmp_path / "china-par-1.1.0"
    package.write(path, files_of())
    (path / "golden.json").unlink()
    (path / "golden.json").symlink_to(folders.path("china_par") / folders.GOLDEN)
    with pytest.raises(ModelRefused, match="is no plain file"):
        open_release(path, OPEN)


def test_a_zip_of_another_hand_is_refused(tmp_path):
    path = tmp_path / "china-par-1.1.0.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files_of().items():
            archive.writestr(name, content)
    with pytest.raises(ModelRefused, match="was not written by `attending models export`"):
        open_release(path, OPEN)


def inputs_with(name: str, **changes):
    specs = folders.definition("china_par").inputs
    return tuple(replace(s, **changes) if s.name == name else s for s in specs)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": inputs_with("waist", feature="shoe_size")}, "cannot read 'shoe_size'"),
        ({"inputs": inputs_with("waist", low=200.0)}, "waist: low is not below high"),
        ({"inputs": inputs_with("north", assumed=0.5)}, "north: what is assumed"),
        ({"inputs": inputs_with("north", needed_for=("stroke",))}, "north: is needed for"),
        (
            {"exclusions": (Exclusion("moonlight", Text("", ""), True),)},
            "cannot tell 'moonlight' of a patient",
        ),
        ({"evidence": folders.definition("china_par").evidence[:1]}, "no evidence"),
    ],
)
def test_a_definition_that_would_fail_or_mislead_is_refused(tmp_path, changes, said):
    definition = replace(folders.definition("china_par"), version="1.1.0", **changes)
    from inference.releases import definition_json

    files = {name: files_of()[name] for name in (manifest.GRAPH, manifest.GOLDEN)}
    files[manifest.DEFINITION] = definition_json.encode(definition)
    whole = handling.make(definition, files, created=CREATED)
    package.write(tmp_path / "china-par-1.1.0", whole)
    with pytest.raises(ModelRefused, match=said):
        open_release(tmp_path / "china-par-1.1.0", OPEN)


def test_what_ships_must_be_what_the_hospital_signed(tmp_path, key):
    here = {("china-par", "1.0.0"): "a" * 64}
    assert shipping.check(tmp_path, OPEN, here) is False
    listed = shipping.render(here)
    (tmp_path / shipping.LIST).write_bytes(listed)
    with pytest.raises(ModelRefused, match=r"shipped\.sig: is not there"):
        shipping.check(tmp_path, OPEN, here)
    (tmp_path / shipping.LIST_SIGNATURE).write_bytes(handling.signature(listed, key))
    with pytest.raises(ModelRefused, match="no trusted key"):
        shipping.check(tmp_path, OPEN, here)
    assert shipping.check(tmp_path, trusting(key), here) is True
    with pytest.raises(ModelRefused, match=r"china-par 1\.0\.0 \(signed a+, here b+\)"):
        shipping.check(tmp_path, trusting(key), {("china-par", "1.0.0"): "b" * 64})
    with pytest.raises(ModelRefused, match=r"pce 1\.0\.0 \(signed None"):
        shipping.check(tmp_path, trusting(key), here | {("pce", "1.0.0"): "c" * 64})
