"""How the page looks, and what little it does by itself.

Invariant: without JavaScript nothing is missing but choosing scenarios.
"""

from __future__ import annotations

STYLE = """
:root{--ink:#1f2933;--quiet:#52606d;--line:#d9dee3;--good:#0b6b4f;--good-back:#e3f4ec;--bad:#a02c12;--bad-back:#fdebe5}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:0 1rem 3rem;color:var(--ink);background:#fff;
font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}
h1{font-size:clamp(1.5rem,4vw,2.3rem);line-height:1.2;margin:1.6rem 0 .6rem}
h3{margin:1.6rem 0 .4rem}h4{margin:.6rem 0 .2rem}
.lead p{max-width:46rem}
section>details{margin:.5rem 0}
h2{font-size:1.35rem;margin:2.4rem 0 .8rem;padding-top:.6rem;border-top:1px solid var(--line)}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem}
a{color:#00588a}
small{color:var(--quiet);font-size:.82em}
th small,td small{display:block;font-weight:400;line-height:1.3}
.scenarios{list-style:none;padding:0;display:grid;
grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.3rem 1rem}
.scenarios label{cursor:pointer}
.scenarios small{display:block;padding-left:1.9rem;line-height:1.3}
.key{display:inline-block;width:1.3rem;height:.28rem;border-radius:.14rem;vertical-align:middle;margin-right:.35rem}
.wide{overflow-x:auto;max-width:100%;margin-bottom:1.2rem}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.4rem .7rem;border-bottom:1px solid var(--line);vertical-align:top;text-align:right}
th[scope=row],thead th:first-child{text-align:left;position:sticky;left:0;
background:#fff;min-width:9rem;max-width:16rem}
thead th{border-bottom:2px solid var(--ink);vertical-align:bottom;line-height:1.25}
td.met{background:var(--good-back)}td.missed{background:var(--bad-back)}
td.met .mark{color:var(--good)}td.missed .mark,dd.missed{color:var(--bad)}
td.told{text-align:left;min-width:11rem}
.mark{display:block;font-weight:600;white-space:nowrap}
figure{margin:0 0 2rem}
figure svg{display:block;width:100%;height:auto;max-width:60rem}
figure svg.phone{display:none}
figcaption{font-size:.92rem;color:var(--quiet)}
figcaption p{margin:.2rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.8rem}
.tile{border:1px solid var(--line);border-left:.35rem solid var(--line);border-radius:.3rem;padding:.5rem .8rem}
.tile.good{border-left-color:var(--good)}.tile.bad{border-left-color:var(--bad);background:var(--bad-back)}
.tile h3{margin:0;font-size:1rem}.tile ul{margin:.2rem 0 0;padding-left:1.1rem;font-size:.92rem;line-height:1.35}
.badge{display:inline-block;padding:.05rem .5rem;border-radius:.8rem;background:var(--line);font-weight:600;
line-height:1.3;text-align:center}
.badge.good{background:var(--good-back);color:var(--good)}.badge.bad{background:var(--bad-back);color:var(--bad)}
td.words,thead th.words{text-align:left}svg.course{max-width:none}
details summary{cursor:pointer;color:#00588a}
dt{font-weight:600;margin-top:.6rem}dd{margin:0}
h1,h2,h3,h4,p,li,dd,small{overflow-wrap:anywhere}
@media screen and (max-width:36rem){th,td{padding:.35rem .45rem}
th[scope=row],thead th:first-child{min-width:7.5rem;max-width:8.5rem}
figure svg.desk{display:none}figure svg.phone{display:block;max-width:30rem}
.stack thead{display:none}.stack table,.stack tbody{display:block}
.stack td[data-label]{text-align:left}
.stack tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr))}
.stack tr{border-bottom:1px solid var(--line);padding:.4rem 0}
.stack th[scope=row]{position:static;max-width:none;grid-column:1/-1}
.stack th,.stack td{border:0;padding:.15rem .3rem}
.stack td:has(>svg),.stack td.words:not([data-label]){grid-column:1/-1}
.stack td[data-label]::before{content:attr(data-label);display:block;font-size:.8em;color:var(--quiet)}
.stack svg.course{width:100%;height:auto}}
@media print{body{max-width:none;font-size:10.5pt}nav,details:not([open]),input{display:none}
figure,tr{break-inside:avoid}h2,h3,h4,section>p{break-after:avoid}.wide{overflow:visible}a{color:inherit;text-decoration:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""

SCRIPT = """
for (const box of document.querySelectorAll('input[data-choose]')) {
  box.hidden = false;
  box.addEventListener('change', () => {
    for (const part of document.querySelectorAll('[data-scenario="' + box.dataset.choose + '"]')) {
      part.style.display = box.checked ? '' : 'none';
    }
  });
}
addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(d => d.open = true));
"""
