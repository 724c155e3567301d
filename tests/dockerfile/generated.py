"""Dockerfiles made up by hypothesis: real-looking ones, and what slips of the hand make of them."""

from __future__ import annotations

from hypothesis import strategies as st

from jupyter_azureml_image.dockerfile.rules import RULES

REAL: tuple[str, ...] = (
    """ARG BASE=mcr.microsoft.com/azureml/minimal-py312-inference:latest
FROM ${BASE}

# tools
USER root:root
RUN apt-get update && \\
    apt-get install -y --no-install-recommends \\
      curl \\
      # needed by lightgbm
      libgomp1 && \\
    apt-get clean && rm -rf /var/lib/apt/lists/*
COPY requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir -r /tmp/requirements.txt "numpy>=1.26" 'pandas<3'
USER dockeruser
COPY ["my code", "/var/azureml-app/"]
ENV AZUREML_ENTRY_SCRIPT=score.py \\
    GREETING="two words" PATH=/opt/bin:$PATH
CMD ["runsvdir", "/var/runit"]
""",
    """# escape=`
# check=skip=JSONArgsRecommended
FROM --platform=$BUILDPLATFORM scratch AS build
ARG A B=1 C="a b"
WORKDIR /src`dir
RUN <<EOF
set -e
echo one
EOF
COPY <<-"FILE" /etc/motd
\thello $A
\tFILE
LABEL a=b "c d"='e f' g=h `
 i=j
FROM scratch
COPY --from=build --chown=1000:1000 --chmod=0644 /src /src/
ONBUILD COPY . /app
HEALTHCHECK --interval=30s --retries=3 CMD curl -f http://localhost/ || exit 1
EXPOSE 80/tcp 5001
VOLUME ["/data", "/more"]
ENTRYPOINT exec top -b
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
STOPSIGNAL SIGTERM
MAINTAINER somebody@example.com
""",
    """\ufeffFROM scratch\r
RUN --mount=type=cache,target=/root/.cache --mount=type=bind,from=build,source=/a,target=/b \\\r
\r
  --network=none make ${X:-all} && echo 'it''s' \\\r
  # a comment\r
  "done"\r
ADD --link https://example.com/a.tgz b c/ /d/\r
ENV legacy form of it\r
CMD echo $HOME\r
""",
)

SCRAPS = (
    "\\", "\n", " ", "\t", '"', "'", "`", "$", "{", "}", "[", "]", "=", ",", "#", "--", "<<", "-",
    "\u00a0", "\u200b", "\u2013", "\r", "\x0b", "\x85", "EOF", "\\\n", "\\ \n", "\n\n", "FROM x\n",
    "ONBUILD ", "AS ", '["a"]', "${a", "#\n", "&&",
)  # fmt: skip


@st.composite
def slips(draw: st.DrawFn) -> str:
    """A real-looking Dockerfile after a few slips: something put in, taken out or doubled."""
    text = draw(st.sampled_from(REAL))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        kind = draw(st.sampled_from(("insert", "delete", "cut", "swap")))
        if kind == "insert":
            text = text[:at] + draw(st.sampled_from(SCRAPS)) + text[at:]
        elif kind == "delete":
            text = text[:at] + text[at + draw(st.integers(1, 3)) :]
        elif kind == "cut":
            text = text[:at] if draw(st.booleans()) else text[at:]
        else:
            lines = text.splitlines(keepends=True)
            if len(lines) > 1:
                one = draw(st.integers(0, len(lines) - 2))
                lines[one], lines[one + 1] = lines[one + 1], lines[one]
                text = "".join(lines)
    return text


WORD = st.lists(
    st.sampled_from(
        ("a", "B=", "x y", "$A", "${A:-b}", '"', "'", "\\", "/", ".", "=", "<", "#", "é")
    ),
    min_size=0,
    max_size=5,
).map("".join)

KEYWORDS = (*RULES, "run", "NOPE")

INSTRUCTION = st.builds(
    lambda keyword, flags, words: " ".join((keyword, *flags, *words)),
    st.sampled_from(KEYWORDS),
    st.lists(
        st.sampled_from(("--from=a", "--chown=b", "--link", "--mount=type=bind", "--x=y", "--")),
        max_size=1,
    ),
    st.lists(WORD, max_size=4),
)

SMALL_FILES = st.lists(INSTRUCTION, max_size=4).map(lambda lines: "\n".join(("FROM a", *lines)))
