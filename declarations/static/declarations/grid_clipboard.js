// The clipboard: what is selected goes out as text and as a table; what comes in is read as Excel
// and WPS write it, goes over what stands there, and on below the last line.

import { headingsIn, readCells, writeCells, writeTable } from "./grid_cells.js";

// `hands` is what grid.js lets others do to the draft.
export function useClipboard(hands) {
  const { table, sheet, setup, columns, say, status } = hands;

  table.element.addEventListener("copy", (event) => copy(event));
  table.element.addEventListener("cut", (event) => {
    if (copy(event)) hands.writeSelected(() => "");
  });
  table.element.addEventListener("paste", (event) => {
    if (hands.isEditing() || !event.clipboardData) return;
    event.preventDefault();
    paste(event.clipboardData.getData("text/plain"));
  });

  function copy(event) {
    if (hands.isEditing()) return false;
    const rows = hands.selectedRows();
    const shown = hands.selectedColumns();
    if (!rows.length) return false;
    event.preventDefault();
    const texts = rows.map((row) =>
      shown.map((column) => {
        if (column.kind === "law") return row.law[column.field] ?? "";
        return column.kind === "code" ? table.text(row, column) : (row.cells[column.field] ?? "");
      }),
    );
    event.clipboardData.setData("text/plain", writeCells(texts));
    const isAmount = shown.map(({ kind }) => kind === "amount" || kind === "law");
    event.clipboardData.setData("text/html", writeTable(texts, isAmount));
    status.say("copied", { rows: rows.length, columns: shown.length });
    return true;
  }

  async function paste(text) {
    let block = readCells(text.replaceAll("\0", ""));
    if (!block.length) return;
    const { top, bottom, left, right } = table.selection();
    const said = [];
    let fields;
    const named = headingsIn(block[0], columns, setup.ignoredHeadings);
    if (named) {
      block = block.slice(1);
      fields = named.map((field) => columns.find((column) => column.field === field) ?? null);
      said.push(say("headingsRecognised"));
    } else if (block.length === 1 && block[0].length === 1 && (top !== bottom || left !== right)) {
      // One cell fills all that are selected.
      fields = columns.slice(left, right + 1);
      block = hands.selectedRows().map(() => fields.map(() => block[0][0]));
    } else {
      fields = columns.slice(left);
    }
    const width = Math.max(0, ...block.map((row) => row.length));
    const outcome = await hands.write(block, top, fields);
    if (outcome === null) {
      const rows = sheet.rows.length + Math.max(0, top + block.length - sheet.rows.length);
      status.say("tooMany", { most: setup.maxLines, rows });
      return;
    }
    said.push(say("pasted", { rows: block.length, columns: Math.min(width, fields.length) }));
    if (outcome.appended) said.push(say("appended", { rows: outcome.appended }));
    if (outcome.locked) said.push(say("lockedSkipped", { cells: outcome.locked }));
    const lost = named
      ? named.filter((field, at) => field === undefined && block.some((row) => row[at])).length
      : width - fields.length;
    if (lost > 0) said.push(say("columnsLeftOut", { columns: lost }));
    if (outcome.tidied.length) said.push(say("tidied", { cells: outcome.tidied.length }));
    status.say(said.join(" "), null);
    if (block.length) {
      const last = named ? columns.length - 1 : Math.min(left + width, columns.length) - 1;
      table.select(top, named ? 0 : left, top + block.length - 1, last);
    }
  }
}
