"""The style sheet of every HTML view: prefixed classes only, both themes, no script.

Front ends differ in how they tell the theme: JupyterLab and Notebook 7 by an attribute of
the body, VS Code by a class; elsewhere the system's choice holds.
"""

from __future__ import annotations

import functools

from .palette import DARK, LIGHT, ROLES, Shade

PREFIX = "azi"

# `&` stands for the frame, twice: front ends have rules of their own for tables and lists in
# output, and ours must weigh more than those.
_RULES = """
&{color:var(--azi-text);font-family:var(--jp-ui-font-family,system-ui,sans-serif);
font-size:var(--jp-ui-font-size1,13px);line-height:1.45;max-width:72rem;overflow-wrap:anywhere}
& *{box-sizing:border-box}
& p,& ol,& ul,& pre,& table,& dl{margin:.25em 0}
& code,& pre{font-family:var(--jp-code-font-family,ui-monospace,monospace);
font-size:.95em;color:inherit;background:none;border:0;padding:0}
& pre{white-space:pre-wrap;background:var(--azi-block);padding:.5em .7em;border-radius:4px}
& .azi-head{font-weight:600}
& .azi-badge{background:var(--azi-accent);color:var(--azi-on_accent);border-radius:3px;
padding:0 .5em;font-weight:600}
& .azi-stages,& .azi-findings{list-style:none;padding:0;margin-inline-start:0}
& .azi-stages>li{border-inline-start:3px solid var(--azi-quiet);padding:.1em .7em;margin:.3em 0}
& .azi-stages>li.azi-good{border-color:var(--azi-good)}
& .azi-stages>li.azi-bad{border-color:var(--azi-bad)}
& .azi-findings>li{margin:.4em 0}
& .azi-state{font-weight:600}
& .azi-state.azi-good,& p.azi-good{color:var(--azi-good)}
& .azi-state.azi-bad,& p.azi-bad{color:var(--azi-bad)}
& .azi-state.azi-warn,& p.azi-warn{color:var(--azi-warn)}
& .azi-quiet{color:var(--azi-quiet)}
& table{border-collapse:collapse;font-size:inherit;border:0;margin-inline:0;table-layout:auto}
& tbody tr:nth-child(n){background:none}
& th,& td{text-align:start;padding:.1em 1.2em .1em 0;vertical-align:top;white-space:normal;
max-width:none}
& td.azi-nowrap{white-space:nowrap}
& mark{background:none;color:inherit;text-decoration:underline wavy var(--azi-bad) 1.5px;
text-decoration-skip-ink:none}
& .azi-warn mark,& .azi-info mark{text-decoration-color:var(--azi-warn)}
& .azi-log{max-height:22em;overflow:auto;display:flex;flex-direction:column-reverse}
& .azi-log>pre{flex:none;margin:0}
& summary{cursor:pointer}
& summary:focus-visible,& .azi-log:focus-visible{outline:2px solid var(--azi-accent)}
& .azi-card{border:1px solid var(--azi-quiet);border-radius:6px;padding:.5em .9em;margin:.4em 0}
& .azi-card dl{display:grid;grid-template-columns:max-content 1fr;gap:.15em 1.2em}
& .azi-card dt{color:var(--azi-quiet);float:none;width:auto;clear:none;font-weight:400;
overflow-wrap:normal}
& .azi-card dd{margin:0;float:none;width:auto;padding:0}
& .azi-copy{user-select:all;-webkit-user-select:all}
& .azi-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media (max-width:40rem){& .azi-card dl{grid-template-columns:1fr}}
"""


@functools.cache
def sheet() -> str:
    """The rules, to stand in a `<style>` element."""
    dark = _colours(DARK)
    return "".join(
        (
            f".azi{{{_colours(LIGHT)}}}",
            f"@media (prefers-color-scheme:dark){{.azi{{{dark}}}}}",
            f"[data-jp-theme-light=true] .azi,.vscode-light .azi{{{_colours(LIGHT)}}}",
            f"[data-jp-theme-light=false] .azi,.vscode-dark .azi{{{dark}}}",
            f".vscode-high-contrast .azi{{{dark}}}",  # the light one has this class as well
            f".vscode-high-contrast-light .azi{{{_colours(LIGHT)}}}",
            _RULES.replace("\n", "").replace("&", ".azi.azi"),
        )
    )


def _colours(shade: Shade) -> str:
    own = {role: str(getattr(shade, role)) for role in ROLES}
    own["text"] = f"var(--jp-content-font-color1,var(--vscode-foreground,{shade.text}))"
    return "".join(f"--azi-{role}:{colour};" for role, colour in own.items())
