// @ts-check
// Datasette's pages in the auditors' words: titles beside the names of tables, and the texts of
// columns folded away, so that a table's rows are seen at once. A module; `tableTitles` stands above.

/** @type {Record<string, string>} */
const titles = tableTitles;

/** @param {Element} link */
const addTitle = (link) => {
  const title = titles[(link.textContent ?? "").trim()];
  if (!title) return;
  const shown = document.createElement("span");
  shown.textContent = ` ${title}`;
  shown.style.fontWeight = "normal";
  link.after(shown);
};

/** @param {Element} texts */
const foldAway = (texts) => {
  const folded = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = "列的说明 · What the columns mean";
  texts.before(folded);
  folded.append(summary, texts);
};

document.querySelectorAll(".db-table h3 a, #views + ul a").forEach(addTitle);
document.querySelectorAll("dl.column-descriptions").forEach(foldAway);
