"""A model card in a browser: nothing stands beside the screen, on a desk or on a phone.

Where a headless Chromium is installed; it is no part of what the tests install.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fhir_server.model_cards.page import page
from fhir_server.model_cards.words import Words
from tests.support.model_cards import subject

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
# The page itself runs no script: this one is the test's, in a frame around it.
FRAME = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0">
<iframe id="f" srcdoc="{page}" style="width:{width}px;height:600px;border:0"></iframe>
<script>
const frame = document.getElementById("f");
frame.onload = () => {{ document.title = `is ${{frame.contentDocument.documentElement.scrollWidth}}
  title ${{frame.contentDocument.querySelector("h1").textContent}}`; }};
</script>"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


def shown(folder: Path, html: str, width: int) -> str:
    file = folder / "frame.html"
    escaped = html.replace("&", "&amp;").replace('"', "&quot;")
    file.write_text(FRAME.format(page=escaped, width=width), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"]
    done = subprocess.run(
        [CHROMIUM, *flags, f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return re.search(r"<title>(.*?)</title>", done.stdout, re.S)[1]


@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize(("id", "language"), [("prevent-full-10y", "en"), ("china-par", "zh-CN")])
def test_a_card_fits_the_screen(tmp_path, id, language, width):
    found = shown(tmp_path, page(subject(id), Words(language)), width)
    wide = int(re.search(r"is (\d+)", found)[1])
    assert wide <= width
    assert subject(id).model.definition.name.said_in(language) in found
