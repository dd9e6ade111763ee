"use strict";

/* The chat page: text is text (textContent only), each message is sent once under its own id. */

const log = document.getElementById("log");
const form = document.getElementById("form");
const field = document.getElementById("text");
const status = document.getElementById("status");

let last = 0;          // number of the last answer shown
let secret = false;    // the next thing typed is a secret
let socket = null;
const shown = new Set();

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function bubble(text, mine) {
  const row = element("div", mine ? "row mine" : "row");
  row.append(element("div", "bubble", text));
  log.append(row);
  log.scrollTop = log.scrollHeight;
  return row;
}

function retire() {
  log.querySelectorAll(".choices button").forEach((button) => { button.disabled = true; });
}

function choices(buttons) {
  if (!buttons.length) return;
  const list = element("div", "choices");
  for (const { title, payload } of buttons) {
    const button = element("button", "", title);
    button.type = "button";
    button.addEventListener("click", () => send({ text: title, payload }, title));
    list.append(button);
  }
  log.append(list);
  log.scrollTop = log.scrollHeight;
}

function receive({ answers }) {
  for (const answer of answers) {
    if (answer.sequence && shown.has(answer.sequence)) continue;
    shown.add(answer.sequence);
    last = Math.max(last, answer.sequence);
    if (answer.text) bubble(answer.text, false);
    choices(answer.buttons);
    setSecret(answer.secret);
  }
}

function setSecret(on) {
  secret = on;
  field.type = on ? "password" : "text";
  field.inputMode = on ? "numeric" : "text";
  field.placeholder = on ? "请输入密码(不会显示和保存)" : "请输入您的问题";
}

function send(message, label) {
  retire();
  const row = bubble(label, true);
  const id = crypto.randomUUID ? crypto.randomUUID() : String(Date.now()) + Math.random().toString(16).slice(2);
  deliver({ id, ...message }, row);
}

function deliver(message, row) {
  row.classList.remove("failed");
  row.querySelectorAll(".note, .retry").forEach((node) => node.remove());
  socket.timeout(15000).emit("message", message, (error, reply) => {
    if (!error && reply && reply.ok) return;
    row.classList.add("failed");
    row.prepend(element("span", "note", error ? "未送达" : "未接受"));
    const retry = element("button", "retry", "重试");
    retry.type = "button";
    retry.addEventListener("click", () => deliver(message, row));
    row.prepend(retry);
  });
}

async function session() {
  const known = sessionStorage.getItem("token");
  const headers = known ? { Authorization: `Bearer ${known}` } : {};
  let answer = await fetch("/chat/session", { method: "POST", headers });
  if (answer.status === 401) answer = await fetch("/chat/session", { method: "POST" });
  if (!answer.ok) throw new Error(String(answer.status));
  const { token } = await answer.json();
  sessionStorage.setItem("token", token);
  return token;
}

async function start() {
  socket = io({ auth: (give) => session().then((token) => give({ token })).catch(() => give({})) });
  socket.on("connect", () => {
    status.textContent = "已连接";
    socket.emit("open", { since: last });
  });
  socket.on("disconnect", () => { status.textContent = "连接已断开,正在重连"; });
  socket.on("connect_error", () => { status.textContent = "暂时连接不上,正在重试"; });
  socket.on("answers", receive);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text || !socket) return;
  field.value = "";
  if (secret) send({ secret: text }, "••••••");
  else send({ text }, text);
  field.focus();
});

start();
