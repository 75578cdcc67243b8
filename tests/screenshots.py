"""The guide's pictures, made from the sample orders: python tests/screenshots.py. Needs Chromium, soffice and pdftoppm."""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "ivigcheck" / "guide" / "pictures"
IVIGCHECK = str(Path(sys.executable).with_name("ivigcheck"))
BATCH = ["batch", str(ROOT / "sample_orders" / "messy_batch.csv"), "--as-of", "2026-11-22", "--exit-zero", "--no-history",
         "--policy", "built-in"]  # fmt: skip
ORDER = ["order", "--indication", "ITP", "--weight", "82 kg", "--age", "71", "--product", "Privigen 10%", "--start-rate",
         "0.5 mg/kg/min", "--max-rate", "380 mL/h", "--risk", "diabetes", "--screened", "--no-history", "--policy",
         "built-in", "--as-of", "2026-11-22"]  # fmt: skip
DPI = "80"


def page(browser: Browser, report: Path, name: str, view: str, width: int, height: int) -> None:
    """A view of the HTML report."""
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.goto(f"{report.as_uri()}{view}")
    tab.wait_for_selector("html.ready")
    tab.screenshot(path=PICTURES / name)
    tab.close()


def terminal(browser: Browser, name: str) -> None:
    """What a command prints at a terminal of 80 columns."""
    printed: list[bytes] = []

    def read(file: int) -> bytes:
        data = os.read(file, 4096)
        printed.append(data)
        return b""

    os.environ.update(COLUMNS="80", LINES="50", TERM="xterm-256color")
    pty.spawn([IVIGCHECK, *ORDER], read)
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Text.from_ansi(b"".join(printed).decode().replace("\r\n", "\n")))
    tab = browser.new_page(viewport={"width": 760, "height": 200})
    style = "margin:12px;font:15px/1.3 'DejaVu Sans Mono',monospace"
    tab.set_content(console.export_html(inline_styles=True, code_format=f'<pre style="{style}">{{code}}</pre>'))
    tab.screenshot(path=PICTURES / name, full_page=True)
    tab.close()


def workbook(folder: Path, name: str) -> None:
    """The first page of the workbook's worklist, as an office program prints it."""
    subprocess.run([IVIGCHECK, *BATCH, "-o", str(folder / "r.xlsx")], check=True, stdout=subprocess.DEVNULL)
    convert = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / "r.xlsx")]
    subprocess.run(convert, check=True, capture_output=True, env=os.environ | {"HOME": str(folder)})
    text = subprocess.run(
        ["pdftotext", "-layout", str(folder / "r.pdf"), "-"], check=True, capture_output=True, text=True
    )
    pages = text.stdout.split("\f")
    number = next(k for k, said in enumerate(pages, start=1) if re.search(r"\bWorklist\b\s+Page", said))
    picture = ["pdftoppm", "-png", "-r", DPI, "-f", str(number), "-singlefile", str(folder / "r.pdf")]
    subprocess.run([*picture, str(PICTURES / Path(name).stem)], check=True)


def main() -> int:
    """Writes all of them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium or not shutil.which("soffice"):
        print("Chromium and LibreOffice are needed: make tools")
        return 1
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        report = folder / "report.html"
        subprocess.run([IVIGCHECK, *BATCH, "-o", str(report)], check=True, stdout=subprocess.DEVNULL)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page(browser, report, "page-overview.png", "", 1280, 800)
        page(browser, report, "page-order.png", "#order=4", 1280, 800)
        page(browser, report, "page-phone.png", "", 390, 844)
        terminal(browser, "terminal-order.png")
        browser.close()
        workbook(folder, "workbook-worklist.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
