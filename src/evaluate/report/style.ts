/** @file The one style sheet of a report: quiet, readable, light and dark, printable. */

import { palette } from './palette.ts'

const variables = (colours: readonly string[]) => colours.map((colour, k) => `--series-${k + 1}:${colour};`).join('')

const dark = `--paper:#15181c;--ink:#e4e6e9;--soft:#9aa3ad;--line:#30363d;--faint:#8b98a544;--stripe:#1b1f24;--on-series:#10151a;color-scheme:dark;${variables(palette.dark)}`

/** CSS of every report. */
export const reportStyle = `
:root{--paper:#fff;--ink:#1b1f24;--soft:#5d6670;--line:#dfe3e8;--faint:#8b98a544;--stripe:#f6f8fa;--on-series:#fff;color-scheme:light;${variables(palette.light)}}
@media screen and (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
body{max-width:60rem;margin:0 auto;padding:3rem 1.5rem 5rem}
header{margin-bottom:2.5rem;padding-bottom:1.25rem;border-bottom:1px solid var(--line)}
h1{font-size:1.85rem;line-height:1.2;letter-spacing:-.015em;margin:0 0 .35rem;font-weight:650}
header p{margin:0;color:var(--soft)}
h2{font-size:1.25rem;line-height:1.3;margin:2.75rem 0 .75rem;font-weight:620;letter-spacing:-.005em}
h3{font-size:.95rem;margin:0 0 .4rem;font-weight:600}
p{margin:0 0 1rem;max-width:44rem}
a{color:inherit}
nav{font-size:.9rem;color:var(--soft);margin-top:.9rem;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
nav a{text-decoration:none;border-bottom:1px solid var(--line)}
nav a:hover{border-color:currentColor}
.scroll{overflow-x:auto;margin:0 0 1.5rem}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;font-size:.95rem;padding-bottom:.4rem}
th,td{padding:.32rem .9rem;text-align:left;vertical-align:baseline}
th:first-child,td:first-child{padding-left:.5rem}
thead th{font-weight:600;color:var(--soft);border-bottom:1.5px solid var(--line);white-space:nowrap}
tbody tr{border-bottom:1px solid var(--line)}
tbody tr:nth-child(even){background:var(--stripe)}
.right{text-align:right;white-space:nowrap}
.sortable button{all:unset;cursor:pointer}
.sortable button:focus-visible{outline:2px solid currentColor;outline-offset:2px}
.sortable th[aria-sort] button::after{content:" \\25be"}
.sortable th[aria-sort=ascending] button::after{content:" \\25b4"}
.plots{display:flex;flex-wrap:wrap;gap:1.75rem 2.5rem;align-items:flex-start;margin:0 0 1.75rem}
.figure{margin:0;width:100%}
.figure svg.plot{display:block;max-width:100%;height:auto;overflow:visible}
.figure svg text{white-space:pre}
figcaption{font-size:.87rem;color:var(--soft);margin-top:.4rem;max-width:44rem}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;font-size:.85rem;margin-bottom:.35rem}
.legend span{display:inline-flex;align-items:center;gap:.4rem}
.images{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:1.25rem;margin:0 0 1.5rem}
.images figure{margin:0}
.images img{display:block;width:100%;height:auto;background:#000;border-radius:3px;image-rendering:auto}
footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.85rem;color:var(--soft)}
@media print{body{max-width:none;padding:0}nav{display:none}h2,h3,caption{break-after:avoid}figure,tr{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`
