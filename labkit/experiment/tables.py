"""Claims as an HTML table, for notebooks."""

from collections.abc import Sequence
from html import escape

from labkit.experiment.claim import Claim

COLOURS = {"holds": "#00735A", "does not hold": "#B34700", "reported": "#52606D"}


def claims_html(claims: Sequence[Claim], caption: str) -> str:
    """A table that wraps its words: what the paper says, what was measured, and the verdict."""
    left = "text-align:left; vertical-align:top; white-space:normal; padding:4px 10px"
    head = "".join(
        f'<th style="{left}">{name}</th>' for name in ("claim", "paper", "measured", "required", "verdict")
    )
    rows = []
    for claim in claims:
        note = f"<br><em>{escape(claim.note)}</em>" if claim.note else ""
        colour = COLOURS[claim.verdict]
        cells = (
            f"{escape(claim.statement)}{note}",
            escape(claim.reported),
            f"<strong>{escape(claim.measured_text)}</strong><br>{escape(claim.quantity)}",
            escape(claim.required),
            f'<strong style="color:{colour}">{claim.verdict}</strong>',
        )
        rows.append("<tr>" + "".join(f'<td style="{left}">{cell}</td>' for cell in cells) + "</tr>")
    return (
        f"<p>{escape(caption)}</p><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
