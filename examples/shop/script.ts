/**
 * The script of the page. It sends the forms without leaving the page, one after the other, so that of two quick clicks
 * the later answer is the one that stays; and it lets the times in the panel run.
 */
export const script = `
const find = (id) => document.getElementById(id);
const seen = new Set();
let view, drawnAt;

const clock = (seconds) => [seconds / 3600, (seconds / 60) % 60, seconds % 60]
  .map((part, index) => String(Math.floor(part)).padStart(index && 2, '0'))
  .join(':').replace(/^0:/, '');

function tick() {
  const passed = (Date.now() - drawnAt) / 1000;
  const { age, idleLeft, left } = view.session ?? {};
  const tell = (id, seconds, text) => find(id).textContent = seconds === undefined ? '–' : text(clock(Math.max(0, seconds)));
  tell('age', age === undefined ? age : age + passed, (time) => time + ' ago');
  tell('idle-left', idleLeft === undefined ? idleLeft : idleLeft - passed, (time) => 'in ' + time);
  tell('left', left === undefined ? left : left - passed, (time) => 'in ' + time);
}

function draw(next) {
  [view, drawnAt] = [next, Date.now()];
  seen.add(view.instance);
  find('instance').textContent = view.instance;
  find('instance').style.setProperty('--hue', parseInt(view.instance, 16) % 360);
  find('seen').textContent = seen.size === 1
    ? 'The cart lives in no instance: it is read from the table by whichever one answers.'
    : seen.size + ' instances have answered this page, all with the same cart.';
  document.querySelector('.panel').hidden = false;
  tick();
}

// Changes only what differs: a button that was replaced between press and release would lose the click.
function morph(old, next) {
  if (old.isEqualNode(next)) return;
  const [children, nextChildren] = [[...old.childNodes], [...next.childNodes]];
  if (old.nodeName !== next.nodeName || old.id !== next.id || children.length !== nextChildren.length) {
    old.replaceWith(next);
  } else if (old.nodeName === '#text') {
    old.data = next.data;
  } else {
    for (const { name, value } of next.attributes) old.setAttribute(name, value);
    children.forEach((child, index) => morph(child, nextChildren[index]));
  }
}

function show(html) {
  const focused = document.activeElement;
  const heading = focused.closest('section')?.getAttribute('aria-labelledby');
  morph(find('shop'), new DOMParser().parseFromString(html, 'text/html').getElementById('shop'));
  if (!focused.isConnected) (find(heading) ?? find('cart')).focus({ preventScroll: true });
  const places = document.querySelectorAll('.sign-ins li').length;
  find('said').textContent = find('pieces').textContent + ' in the cart'
    + (places ? ', signed in at ' + places + (places === 1 ? ' place' : ' places') : '');
  draw(JSON.parse(document.querySelector('.panel').dataset.view));
}

async function ask(path, options) {
  const text = await fetch(path, options).then((reply) => reply.ok && reply.text()).catch(() => false);
  find('notice').textContent = text ? '' : 'The shop did not answer. Nothing is lost: please try again in a moment.';
  return text;
}

let last = Promise.resolve();
const inTurn = (path, options, take) => {
  last = last.then(() => ask(path, options)).then((text) => text && take(text));
};

addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  inTurn(form.getAttribute('action'), { method: 'POST', body }, show);
});
addEventListener('click', (event) => {
  if (event.target.id === 'ask') inTurn('/session', {}, (text) => draw(JSON.parse(text)));
});
// Another tab may have changed the cart meanwhile.
addEventListener('visibilitychange', () => {
  if (!document.hidden) inTurn('/', {}, show);
});

draw(JSON.parse(document.querySelector('.panel').dataset.view));
setInterval(tick, 1000);
`;
