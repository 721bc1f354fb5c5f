"""The look of the HTML report."""

# Pictures are drawn on white. Inverting all but a little makes the white the
# dark page's own background, and turning the hue back keeps the colours.
STYLE = """\
:root {
  color-scheme: light dark;
  --back: #ffffff; --ink: #1f2933; --muted: #52606d; --line: #d9dee4;
  --link: #1d5bc4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #141414; --ink: #e4e7eb; --muted: #a3adb8; --line: #3a3f45;
    --link: #8ab4ff;
  }
  img { filter: invert(0.92) hue-rotate(180deg); }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; margin: 0.5rem 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0; margin: 0; }
nav li { list-style: none; }
nav a { display: inline-block; padding: 0.4rem 0; }
.grid {
  display: grid; gap: 0.5rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr));
}
figure { margin: 0; }
img { display: block; width: 100%; height: auto; }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; }
.wide { overflow-x: auto; max-width: 100%; margin-bottom: 1.5rem; }
table {
  border-collapse: collapse; font-variant-numeric: tabular-nums;
  min-width: min(24rem, 90vw);
}
caption {
  text-align: left; color: var(--muted); padding: 0.25rem 0;
  overflow-wrap: anywhere;
}
th, td {
  padding: 0.3rem 0.75rem 0.3rem 0; text-align: left;
  border-bottom: 1px solid var(--line); vertical-align: top;
}
td { overflow-wrap: anywhere; min-width: 4rem; }
tbody th { font-weight: normal; }
tr > :first-child { position: sticky; left: 0; background: var(--back); }
thead th { color: var(--muted); }
.number { text-align: right; white-space: nowrap; }
summary { cursor: pointer; padding: 0.4rem 0; }
pre { overflow-x: auto; font-size: 0.85rem; }
"""
