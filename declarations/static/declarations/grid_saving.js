// Saving by itself: what changed goes out shortly after the typing stops, and nothing is lost on
// the way. The queue lives in memory alone.

const AFTER_TYPING = 800;
const AT_MOST = 1500;
const RETRIES = [1, 2, 4, 8, 15, 30];

export class Saving {
  // `sheet` is what is saved; `report(state, details)` shows a state: saving, saved, offline,
  // failed, loggedOut, refused, filing; `judge(lines)` takes answers; `clash(lines)` merges.
  constructor(sheet, page, { report, judge, clash }) {
    this.sheet = sheet;
    this.page = page;
    this.linesUrl = page.dataset.lines;
    this.checksUrl = page.dataset.checks;
    this.token = page.querySelector("[name=csrfmiddlewaretoken]").value;
    this.report = report;
    this.judge = judge;
    this.clash = clash;
    this.revision = "";
    this.rowsARequest = 500;
    this.failures = 0;
    this.isSending = false;
    this.isStopped = false;
    this.toJudge = [];
    this.seenAt = Date.now();
  }

  async load() {
    const answer = await this.ask(this.linesUrl);
    if (!answer.ok) throw new Error(`lines: ${answer.status}`);
    const { revision, imported, lines } = await answer.json();
    this.revision = revision;
    this.imported = imported;
    return lines;
  }

  // 撤销上次导入; returns how many lines went and came back, or null if it was refused.
  async undoImport() {
    const ask = () => this.ask(this.page.dataset.undoImport, {}, { "If-Match": `"${this.revision}"` });
    try {
      let answer = await ask();
      if (answer.status === 412) {
        await this.load();
        answer = await ask();
      }
      if (answer.ok) return await answer.json();
      const refusal = answer.status === 409 || answer.status === 412 ? await answer.json() : null;
      this.report(refusal ? "refused" : "failed", refusal ?? {});
    } catch {
      this.report("offline");
    }
    return null;
  }

  // How the grid is set up. It is no part of the draft, and not worth a word when it fails.
  keepLook(look) {
    this.ask(this.page.dataset.look, look).catch(() => {});
  }

  // Something was changed.
  wake() {
    if (this.isStopped || this.isSending) return;
    const now = Date.now();
    this.since ??= now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), Math.max(0, Math.min(AFTER_TYPING, this.since + AT_MOST - now)));
  }

  // Save now, all of it.
  async send() {
    clearTimeout(this.timer);
    if (this.isSending || this.isStopped) return;
    this.isSending = true;
    try {
      while (!this.isStopped && !this.sheet.isSaved()) {
        this.report("saving");
        if (!(await this.sendPiece())) return;
      }
      this.since = undefined;
      this.report("saved");
    } finally {
      this.isSending = false;
    }
    this.checkMore();
  }

  async sendPiece() {
    const change = this.sheet.nextChange(this.rowsARequest);
    let answer;
    try {
      answer = await this.ask(this.linesUrl, change, { "If-Match": `"${this.revision}"` });
    } catch {
      this.sheet.doubt(change);
      return this.later("offline");
    }
    if (answer.ok) {
      const { revision, lines } = await answer.json();
      this.revision = revision;
      this.failures = 0;
      this.sheet.keep(change);
      this.judge(lines);
      return true;
    }
    if (answer.status === 412) return this.merge();
    if (answer.type === "opaqueredirect") return this.later("loggedOut", {}, false);
    if (answer.status === 409 || answer.status === 404) {
      const refusal = answer.status === 409 ? await answer.json() : { code: "NOT_A_DRAFT" };
      this.isStopped = refusal.code === "NOT_A_DRAFT";
      this.report(this.isStopped ? "filing" : "refused", refusal);
      return false;
    }
    this.sheet.doubt(change);
    return this.later("failed");
  }

  async merge() {
    if (++this.failures > RETRIES.length) return this.later("failed");
    try {
      const lines = await this.load();
      await this.clash(lines);
    } catch {
      return this.later("offline");
    }
    return true;
  }

  later(state, details = {}, again = true) {
    this.report(state, details);
    if (again) {
      const wait = RETRIES[Math.min(this.failures++, RETRIES.length - 1)] * 1000;
      this.timer = setTimeout(() => this.send(), wait);
    }
    return false;
  }

  // --- Judging lines that were not changed here ---

  check(ids) {
    this.toJudge.push(...ids);
    this.checkMore();
  }

  async checkMore() {
    if (this.isChecking || this.isStopped) return;
    this.isChecking = true;
    try {
      while (this.toJudge.length && !this.isSending && !this.isStopped) {
        const ids = this.toJudge.slice(0, this.rowsARequest);
        const answer = await this.ask(this.checksUrl, { lines: ids });
        if (!answer.ok) return;
        this.toJudge.splice(0, ids.length);
        this.judge((await answer.json()).lines);
      }
    } catch {
      // The next save goes on with it.
    } finally {
      this.isChecking = false;
    }
  }

  // --- The network ---

  async ask(url, body, headers = {}) {
    const options = { redirect: "manual", headers: { ...headers }, credentials: "same-origin" };
    if (body) {
      options.method = "POST";
      options.body = JSON.stringify(body);
      Object.assign(options.headers, { "Content-Type": "application/json", "X-CSRFToken": this.token });
    }
    let answer = await fetch(url, options);
    if (answer.status === 403 && body && (await this.renewToken())) {
      options.headers["X-CSRFToken"] = this.token;
      answer = await fetch(url, options);
    }
    if (answer.ok) this.seenAt = Date.now();
    return answer;
  }

  // Whoever logged in again in another tab has another token.
  async renewToken() {
    const answer = await fetch(location.pathname, { redirect: "manual" });
    if (!answer.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector("#grid-editor [name=csrfmiddlewaretoken]")?.value;
    if (!token || token === this.token) return false;
    this.token = token;
    return true;
  }

  async stayAlive() {
    const answer = await fetch(location.pathname, { method: "HEAD", redirect: "manual" });
    if (answer.ok) this.seenAt = Date.now();
  }
}
