"""Fetches uv into a folder with nothing but some Python 3: by pip, by the pip of a venv, or from uv's own releases.

Fresh Debian machines have python3 without pip and venv, so each way may be missing. The version, and with pip the
hashes, are those of requirements-uv.lock. Runs on every Python from 3.6 on: it comes before the project's own.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.request

LOCK = "requirements-uv.lock"
RELEASES = os.environ.get("UV_RELEASES", "https://github.com/astral-sh/uv/releases/download")
HELP = """setup: could not get uv, which installs everything else. Tried:
{tried}
Check the network (and HTTPS_PROXY, PIP_INDEX_URL if you need them), or install one of these and try again:
  apt-get install python3-pip ca-certificates     (as root)
  uv itself, on the PATH: https://docs.astral.sh/uv/getting-started/installation/"""


def with_pip(folder):
    """Let this Python's pip unpack uv into the folder."""
    install_with(sys.executable, "--target", folder, "--upgrade")


def with_venv(folder):
    """Make the folder a venv, whose pip installs uv."""
    run(sys.executable, "-m", "venv", "--clear", folder)
    install_with(os.path.join(folder, "bin", "python"))


def from_releases(folder):
    """Unpack uv's own archive for this machine, checked against the sum that is published beside it."""
    version = re.search(r"^uv==([\d.]+)", read(LOCK), re.MULTILINE).group(1)
    system = "apple-darwin" if sys.platform == "darwin" else "unknown-linux-gnu"
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    url = "{}/{}/uv-{}-{}.tar.gz".format(RELEASES, version, machine, system)
    archive = os.path.join(folder, "uv.tar.gz")
    os.makedirs(os.path.join(folder, "bin"), exist_ok=True)
    with open(archive, "wb") as file:
        file.write(download(url))
    with open(archive, "rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != download(url + ".sha256").split()[0].decode():
            raise RuntimeError("{} does not match its checksum".format(url))
    with tarfile.open(archive) as tar:
        member = next(m for m in tar.getmembers() if os.path.basename(m.name) == "uv")
        with open(os.path.join(folder, "bin", "uv"), "wb") as file:
            shutil.copyfileobj(tar.extractfile(member), file)
    os.chmod(os.path.join(folder, "bin", "uv"), 0o755)
    os.remove(archive)


def install_with(python, *options):
    """Install uv with a Python's pip, exactly as locked."""
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    run(*pip, "--requirement", LOCK, *options)


def run(*command):
    """Run a command; what it says goes into the error when it fails."""
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    if result.returncode != 0:
        said = result.stdout.strip().splitlines() or ["exit code {}".format(result.returncode)]
        raise RuntimeError(said[-1])


def download(url):
    """Return the body of an address, within a minute of silence."""
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read()


def read(path):
    """Return the text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    """Try the ways in turn until one leaves a uv that starts."""
    folder = os.path.abspath(sys.argv[1])
    tried = []
    for name, way in (("pip", with_pip), ("venv", with_venv), ("its releases", from_releases)):
        print("setup: fetching uv into .tools/ with {} …".format(name), flush=True)
        try:
            shutil.rmtree(folder, ignore_errors=True)
            way(folder)
            run(os.path.join(folder, "bin", "uv"), "--version")
            return 0
        except Exception as error:  # whatever went wrong, the next way may work
            tried.append("  {}: {}".format(name, error))
    shutil.rmtree(folder, ignore_errors=True)
    print(HELP.format(tried="\n".join(tried)), flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
