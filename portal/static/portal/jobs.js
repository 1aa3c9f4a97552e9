// Progress that moves. Without this file the page of a job reloads itself, and the tray is as old
// as its page. The words come from the server.

const A_SECOND = 1000;
const AFTER_A_FAILURE = 5 * A_SECOND;
// So much is spoken: at 0, 25, 50 and 75 %. The end speaks on the page that comes then.
const SPOKEN_EVERY = 25;

const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

async function ask(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  // The session has ended: the page itself knows where to log in again.
  if (answer.redirected || answer.status === 404) return location.reload();
  if (!answer.ok) throw new Error(answer.status);
  return answer;
}

async function again(time, look) {
  for (;;) {
    await wait(time);
    if (document.hidden) continue;
    try {
      if (!(await look())) return;
    } catch {
      await wait(AFTER_A_FAILURE);
    }
  }
}

function followJob(panel) {
  const bar = panel.querySelector("progress");
  let spoken = -1;
  const show = (percent, sentence) => {
    bar.value = percent;
    panel.querySelector("[data-sentence]").textContent = sentence;
    const quarter = Math.floor(percent / SPOKEN_EVERY);
    if (quarter === spoken) return;
    spoken = quarter;
    panel.querySelector("[data-spoken]").textContent = sentence;
  };
  return again(A_SECOND, async () => {
    const answer = await ask(panel.dataset.job);
    if (!answer) return false;
    const { ended, percent, sentence } = await answer.json();
    if (ended) location.reload();
    else show(percent, sentence);
    return !ended;
  });
}

function followTray(tray) {
  return again(3 * A_SECOND, async () => {
    const answer = await fetch(tray.dataset.tray, { credentials: "same-origin" });
    if (answer.redirected) return false;
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.querySelector(".tray");
    const links = [...(now?.querySelectorAll("a") ?? [])];
    const text = (all) => all.map((link) => link.href + link.textContent).join();
    if (text(links) !== text([...tray.querySelectorAll("a")])) tray.replaceChildren(...links);
    return now?.dataset.tray !== undefined;
  });
}

const job = document.querySelector("[data-job]");
const tray = document.querySelector("[data-tray]");
if (job) followJob(job);
else if (tray) followTray(tray);
