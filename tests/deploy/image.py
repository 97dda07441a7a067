"""image.py [DOCKERFILE]: the linter, and whether the last stage installs what the binary
($LEAT_BIN) is linked against, no more and no less."""

import os
import re
import subprocess
import sys
from pathlib import Path

from manifests import ROOT

OF_THE_BASE = {"libc6"}
NO_LIBRARY = {"ca-certificates", "tzdata"}


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def lint(dockerfile):
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, "--no-color", dockerfile], stdout=subprocess.PIPE,
                          text=True, check=False)
    return done.stdout.splitlines() if done.returncode else []


def owner(path):
    """The Debian package of a library. /lib is a link to /usr/lib; dpkg knows only one."""
    for name in (path, os.path.realpath(path), "/usr" + path, path.removeprefix("/usr")):
        done = subprocess.run(["dpkg", "-S", name], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, check=False)
        if not done.returncode:
            return done.stdout.split(":")[0]
    raise SystemExit(f"no package owns {path}")


def linked(binary):
    """The packages of the libraries that the binary itself asks for."""
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-d", binary))
    paths = dict(re.findall(r"(\S+) => (/\S+)", output("ldd", binary)))
    return {owner(paths[name]) for name in needed}


def packages(text, binary):
    words = re.search(r"apt-get install ((?:[^&\\]|\\\n)+)", text)[1].replace("\\", " ").split()
    installed = {word for word in words if not word.startswith("-")}
    wanted = linked(binary) - OF_THE_BASE
    for name in sorted(wanted - installed):
        yield f"the last stage does not install {name}, which leat is linked against"
    for name in sorted(installed - wanted - NO_LIBRARY):
        yield f"the last stage installs {name}, for which leat has no use"


def is_of_base(text):
    """This machine has the names of packages that the base image has."""
    release = Path("/etc/os-release").read_text()
    bases = set(re.findall(r"^FROM debian:(\d+)-slim\b", text, re.M))
    if len(bases) != 1:
        raise SystemExit(f"the stages are not all of one debian:N-slim: {bases}")
    return f'VERSION_ID="{bases.pop()}"' in release and "ID=debian\n" in release


def main():
    dockerfile = sys.argv[1] if len(sys.argv) > 1 else ROOT / "deploy/Dockerfile"
    text = Path(dockerfile).read_text()
    wrong = lint(dockerfile)
    if is_of_base(text):
        wrong += packages(text, os.environ["LEAT_BIN"])
    else:
        print("not compared with the binary's libraries: this is no Debian of the image's")
    for each in wrong:
        print(each)
    sys.exit(1 if wrong else 0)


main()
