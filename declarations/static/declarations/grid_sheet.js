// The draft in this window: its lines, what was done to them and can be undone, and what of it the
// server does not have yet. No page, no network.

export class Sheet {
  constructor(columns) {
    this.columns = columns;
    this.rows = [];
    this.byId = new Map();
    // What the server has: the cells by line.
    this.kept = new Map();
    this.touched = new Set();
    // What was sent without an answer: it may have arrived.
    this.unsure = new Map();
    this.done = [];
    this.undone = [];
  }

  load(lines) {
    this.rows = lines.map(([id, cells]) => newRow(id, this.shown(cells)));
    this.byId = new Map(this.rows.map((row) => [row.id, row]));
    this.kept = new Map(this.rows.map((row) => [row.id, { ...row.cells }]));
    this.touched.clear();
    this.renumber();
  }

  // Cells of the form's columns; what else a line has stays with the server.
  shown(cells) {
    const shown = {};
    for (const { field } of this.columns) if (cells[field]) shown[field] = String(cells[field]);
    return shown;
  }

  renumber() {
    this.rows.forEach((row, at) => (row.number = at + 1));
  }

  // A step: cells [row, field, before, after], rows put in and taken out [[place, row], …],
  // ascending, places counted from 0 in the list that has them.
  do(step) {
    if (!step.cells.length && !step.inserted.length && !step.deleted.length) return;
    this.done.push(step);
    if (this.done.length > 200) this.done.shift();
    this.undone = [];
    this.apply(step.cells, 3, step.deleted, step.inserted);
  }

  undo() {
    const step = this.done.pop();
    if (!step) return null;
    this.undone.push(step);
    this.apply(step.cells, 2, step.inserted, step.deleted);
    return step;
  }

  redo() {
    const step = this.undone.pop();
    if (!step) return null;
    this.done.push(step);
    this.apply(step.cells, 3, step.deleted, step.inserted);
    return step;
  }

  apply(cells, side, out, put) {
    for (const change of cells) this.write(change[0], change[1], change[side]);
    if (out.length) {
      const gone = new Set(out.map(([, row]) => row));
      this.rows = this.rows.filter((row) => !gone.has(row));
      for (const row of gone) {
        this.byId.delete(row.id);
        this.touched.add(row.id);
      }
    }
    if (put.length) {
      const rows = [];
      let next = 0;
      for (const [place, row] of put) {
        while (rows.length < place && next < this.rows.length) rows.push(this.rows[next++]);
        rows.push(row);
        this.byId.set(row.id, row);
        this.touched.add(row.id);
      }
      while (next < this.rows.length) rows.push(this.rows[next++]);
      this.rows = rows;
    }
    if (out.length || put.length) this.renumber();
  }

  write(row, field, text) {
    if (text) row.cells[field] = text;
    else delete row.cells[field];
    this.touched.add(row.id);
  }

  // --- What the server does not have yet ---

  differing(id) {
    const row = this.byId.get(id);
    const kept = this.kept.get(id);
    if (!row || !kept) return row || kept ? {} : null;
    let cells = null;
    for (const { field } of this.columns) {
      const text = row.cells[field] ?? "";
      if (text !== (kept[field] ?? "")) (cells ??= {})[field] = text;
    }
    return cells;
  }

  isSaved() {
    for (const id of this.touched) {
      if (this.differing(id)) return false;
      this.touched.delete(id);
    }
    return true;
  }

  // The next piece to send: all deletions, and changed and new lines up to a number. Lines are put
  // in from the top down, so that a place is right when those above it are there.
  nextChange(most) {
    const change = { deleted: [], changed: [], inserted: [] };
    const fresh = [];
    for (const id of this.touched) {
      const cells = this.differing(id);
      if (!cells) this.touched.delete(id);
      else if (!this.byId.has(id)) change.deleted.push(id);
      else if (!this.kept.has(id)) fresh.push(this.byId.get(id));
      else if (change.changed.length < most) change.changed.push({ id, cells });
    }
    fresh.sort((one, other) => one.number - other.number);
    for (const row of fresh.slice(0, most - change.changed.length)) {
      change.inserted.push({ id: row.id, at: row.number, cells: { ...row.cells } });
    }
    return change;
  }

  // What was sent is there now.
  keep(change) {
    for (const id of change.deleted) this.kept.delete(id);
    for (const { id, cells } of change.changed) {
      const kept = this.kept.get(id);
      for (const [field, text] of Object.entries(cells)) {
        if (text) kept[field] = text;
        else delete kept[field];
      }
    }
    for (const { id, cells } of change.inserted) this.kept.set(id, cells);
  }

  doubt(change) {
    for (const { id, cells } of change.changed) this.unsure.set(id, { ...this.unsure.get(id), ...cells });
  }

  // Whether a line stands as it did when it was sent.
  isAsKept(id) {
    return this.byId.has(id) && this.kept.has(id) && !this.differing(id);
  }

  // --- Somebody else changed the draft ---

  // Takes over what only others changed, keeps what only this window changed, and returns what both
  // did: { row, field, mine, theirs }, for whole lines without a field (none: deleted).
  merge(lines) {
    const theirs = new Map(lines.map(([id, cells]) => [id, this.shown(cells)]));
    const conflicts = [];
    const moved = [];
    let before = null;
    const following = new Map();
    for (const row of this.rows) {
      const cells = theirs.get(row.id);
      const kept = this.kept.get(row.id);
      if (cells) {
        for (const { field } of this.columns) {
          const mine = row.cells[field] ?? "";
          const other = cells[field] ?? "";
          // A line, or a cell, that arrived though its answer was lost is this window's own.
          const base = kept ? (kept[field] ?? "") : other;
          if (mine === other || other === base || other === this.unsure.get(row.id)?.[field]) continue;
          if (mine === base) this.write(row, field, other);
          else conflicts.push({ row, field, mine, theirs: other });
        }
        before = row.id;
      } else if (!kept) {
        if (!following.has(before)) following.set(before, []);
        following.get(before).push(row);
      } else if (this.differing(row.id)) {
        conflicts.push({ row, field: "", mine: "kept", theirs: "" });
        if (!following.has(before)) following.set(before, []);
        following.get(before).push(row);
      } else {
        this.byId.delete(row.id);
        moved.push(row.id);
      }
    }
    const rows = [...(following.get(null) ?? [])];
    for (const [id, cells] of theirs) {
      let row = this.byId.get(id);
      if (!row) {
        const kept = this.kept.get(id);
        if (kept && sameCells(kept, cells)) continue; // taken out here, and by nobody changed
        row = newRow(id, { ...cells });
        this.byId.set(id, row);
        moved.push(id);
        if (kept) conflicts.push({ row, field: "", mine: "", theirs: "kept" });
      }
      rows.push(row, ...(following.get(id) ?? []));
    }
    this.rows = rows;
    this.kept = new Map([...theirs].map(([id, cells]) => [id, { ...cells }]));
    for (const id of [...this.byId.keys(), ...moved]) this.touched.add(id);
    if (moved.length) {
      this.done = [];
      this.undone = [];
    }
    this.unsure.clear();
    this.renumber();
    return conflicts;
  }

  settle({ row, field }, choice, theirs) {
    if (field) {
      if (choice === "theirs") this.write(row, field, theirs);
    } else if ((choice === "mine") !== Boolean(theirs)) {
      this.touched.add(row.id); // the line stays: it is put in again, or was never taken out
    } else {
      this.apply([], 3, [[row.number - 1, row]], []);
    }
  }
}

function sameCells(one, other) {
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...fields].every((field) => (one[field] ?? "") === (other[field] ?? ""));
}

export function newRow(id, cells = {}) {
  return { id, number: 0, cells, faults: {}, law: {}, tidied: null, isJudged: false };
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
