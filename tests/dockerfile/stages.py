"""Dockerfiles that build from nothing, to compare an evaluated image with the built one."""

from __future__ import annotations

BUILDABLE: tuple[str, ...] = (
    # who wins between ARG and ENV, what a stage sees of global arguments, quotes and escapes
    """ARG G=global
ARG EMPTY
FROM scratch
LABEL before=${G:-unset}
ARG G
LABEL after=$G
ARG G=local EMPTY
LABEL own=$G empty=${EMPTY-unset}
ENV A=1
ARG A=2
LABEL arg_last=$A
ARG B=2
ENV B=1
LABEL env_last=$B
ENV C=1 D=$C
ENV E=$C "N M"=1 'S'='$x' Q="a\\"b" R=a\\ b F='a\\b' H="a\\b"
ENV I  b  c  \nENV J "x y" z
ARG TARGETPLATFORM
ARG TARGETARCH
ARG TARGETVARIANT
ARG TARGETSTAGE
LABEL p=$TARGETPLATFORM a=$TARGETARCH v=${TARGETVARIANT-unset} t=$TARGETSTAGE u=$TARGETOS
LABEL path=$PATH pwd=$PWD
ENV $NOTHING=1
WORKDIR a
WORKDIR b/../c/
USER "u x"
""",
    # commands, shells and what a stage hands on
    """FROM scratch AS Builder
ARG Q=1
ENV E=2
WORKDIR //c//d/.
CMD ["x"]
EXPOSE 1 80/TCP 90-92/udp 1.2.3.4:5:6 $UNSET
SHELL ["/bin/bash", "-c"]
FROM builder AS builder
LABEL q=$Q e=$E
ENTRYPOINT e  $Q
FROM builder
CMD $X ${Y:-z}
""",
    'FROM scratch AS a\nCMD ["x"]\nFROM a\nENTRYPOINT ["e"]\nCMD ["y"]\nONBUILD RUN x <<E\nE\n',
    'FROM scratch\nCMD x y\nENTRYPOINT ["$e"]\nUSER ${x}\nWORKDIR ${x}',
    "FROM scratch\nENTRYPOINT []\nCMD",
    '# escape=`\nFROM scratch\nENV A=a`$b C="x`"y" D=a\\b\nWORKDIR C:\\foo\n',
    "FROM scratch\nENV a=${b",
    'FROM scratch\nENV a="b',
    "FROM scratch\nENV a='b",
    "FROM scratch\nENV a=${b:=c}",
    "FROM scratch\nLABEL a=${b:?no}",
    "FROM scratch\nEXPOSE foo",
    "ARG A=${\nFROM scratch\nENV a=b",
)

CONFIGURING: tuple[str, ...] = (
    "ENV A=1",
    "ENV A=2 B=$A",
    "ENV B=${A:-none}x C='$A' D=\"$B c\"",
    "ENV old  form $A",
    "ENV F=${D#*x} H=${D%%x*} I=${D/x/y} J=${D//o/0}",
    "ARG A=arg",
    "ARG G",
    "ARG K=${G:+set}",
    "LABEL a=$A g=${G-unset} k=$K",
    "LABEL e=\\$A q=\"a\\\"b\" s='it''s'",
    "USER ${A}:$B",
    "USER 1000",
    "EXPOSE 80 $A/udp 90-92/TCP",
    "CMD echo $A",
    'CMD ["a", "$A"]',
    "ENTRYPOINT run it",
    'ENTRYPOINT ["e"]',
    "ENTRYPOINT []",
    'SHELL ["/bin/bash", "-c"]',
    "FROM one AS two",
    "FROM one AS one",
)
