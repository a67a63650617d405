// The queue: what runs and waits, in its order, and what stands without a clip. The desk tells what there is and does what is pressed.
const panel = $('.queue');
const rows = new Map();           // take id → its <li>
let drawn = '', dragged = null;

const ICONS = { pause: 'M9 7v10M15 7v10', again: 'm9 7 8 5-8 5z', cancel: 'm8 8 8 8M16 8l-8 8', forget: 'm8 8 8 8M16 8l-8 8', sooner: 'm7 14 5-5 5 5', later: 'm7 10 5 5 5-5' };
const KEYS = { pause: 'pause', again: 'again', cancel: 'cancel', forget: 'forget', sooner: 'queue_sooner', later: 'queue_later' };
function icon(name) {
  const button = make('button', 'plain'), svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  button.type = 'button'; button.dataset.do = name;
  svg.setAttribute('viewBox', '0 0 24 24'); svg.setAttribute('aria-hidden', 'true'); path.setAttribute('d', ICONS[name]);
  svg.append(path); button.append(svg);
  return button;
}
function frame() {
  const li = make('li'), words = make('div', 'words'), tools = make('div', 'tools'), look = make('button', 'seen');
  look.type = 'button';
  look.append(make('img'), make('span', 'tag'));
  words.append(make('b'), make('span', 'how'), make('span', 'track'));
  words.lastChild.append(make('i'));
  tools.append(...Object.keys(ICONS).map(icon));
  li.append(look, words, tools);
  return li;
}
function how(take) {
  if (take.state === 'running') return [take.percent + '%', take.left === null ? '' : say('time_left', { time: duration(take.left) })].filter(Boolean).join(' · ');
  if (take.error) return whole({ message: take.error, advice: take.advice });
  return say(take.state === 'paused' ? 'paused_line' : 'state_' + take.state);
}
function draw(li, take, place, waiting) {
  const find = selector => li.querySelector(selector), name = [pick(take.look), take.name].filter(Boolean).join(' · ') || say('untitled'), image = find('img'), poster = address(take.glimpse || take.poster);
  const live = ['queued', 'running'].includes(take.state), queued = take.state === 'queued';
  li.dataset.id = take.id; li.dataset.state = take.state; li.draggable = queued;
  find('b').textContent = find('b').title = name;
  find('.tag').textContent = say('kind_' + take.kind);
  find('.how').textContent = how(take);
  find('.track i').style.transform = 'scaleX(' + take.percent / 100 + ')';
  image.alt = '';
  if (poster) { if (image.getAttribute('src') !== poster) image.src = poster; } else if (take.state !== 'running') image.removeAttribute('src');   // not every step has a glimpse
  find('.seen').setAttribute('aria-label', say('to_stage') + ': ' + name);
  const shown = { pause: live, again: !live, cancel: live || take.state === 'paused', forget: !live && take.state !== 'paused', sooner: queued, later: queued };
  for (const [key, there] of Object.entries(shown)) {
    const button = find('[data-do=' + key + ']');
    button.hidden = !there;
    button.title = say(key === 'again' && take.state === 'paused' ? 'go_on' : KEYS[key]);
    button.setAttribute('aria-label', button.title + ': ' + name);
  }
  find('[data-do=sooner]').disabled = place === 0;
  find('[data-do=later]').disabled = place === waiting - 1;
}
function paint() {
  const takes = window.rushes.queue || [], text = JSON.stringify(takes);
  document.querySelector('#status').setAttribute('aria-label', document.querySelector('#status .what').textContent + '. ' + say('queue_open'));
  if (text === drawn || !panel.matches(':popover-open')) return;
  drawn = text;
  const wanted = new Set(takes.map(take => take.id));
  for (const [id, li] of rows) if (!wanted.has(id)) { li.remove(); rows.delete(id); }
  const live = takes.filter(take => ['queued', 'running'].includes(take.state)), rest = takes.filter(take => !live.includes(take)), waiting = live.filter(take => take.state === 'queued');
  for (const [list, some] of [[$('.line'), live], [$('.stopped'), rest]]) some.forEach((take, place) => {
    if (!rows.has(take.id)) rows.set(take.id, frame());
    const li = rows.get(take.id);
    draw(li, take, waiting.indexOf(take), waiting.length);
    if (list.children[place] !== li) list.insertBefore(li, list.children[place] || null);
  });
  $('.calm').hidden = live.length > 0;
  $('h3').hidden = !rest.length;
  $('[data-do=pause_all]').disabled = !live.length;
  $('[data-do=again_all]').disabled = !takes.some(take => take.state === 'paused');
}
const act = (name, more = {}) => tell('act', { name, ...more });
const waitings = () => [...element.querySelectorAll('.line [data-state=queued]')].map(li => Number(li.dataset.id));
// before: the take it shall stand before, null for last.
const move = (id, before) => act('move', { id, before });
const does = {
  sooner(id) { const all = waitings(); move(id, all[all.indexOf(id) - 1]); },
  later(id) { const all = waitings(); move(id, all[all.indexOf(id) + 2] ?? null); },
};
panel.addEventListener('click', event => {
  const button = event.target.closest('button'), li = event.target.closest('li');
  if (!button) return;
  if (button.matches('.shut')) return panel.hidePopover();
  if (button.matches('.seen')) { panel.hidePopover(); tell('look', Number(li.dataset.id)); return; }
  const name = button.dataset.do, id = li ? Number(li.dataset.id) : null;
  if (does[name]) does[name](id); else act(name, li ? { id } : {});
});
panel.addEventListener('dragstart', event => {
  dragged = event.target.closest('li');
  event.dataTransfer.effectAllowed = 'move';
  event.dataTransfer.setData('text/plain', dragged.dataset.id);
  dragged.classList.add('dragged');
});
panel.addEventListener('dragover', event => {
  const over = event.target.closest('.line [data-state=queued]');
  if (!dragged || !over) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  over.parentElement.insertBefore(dragged, event.clientY < box.top + box.height / 2 ? over : over.nextSibling);
});
panel.addEventListener('dragend', () => {
  if (!dragged) return;
  const all = waitings(), id = Number(dragged.dataset.id);
  dragged.classList.remove('dragged'); dragged = null; drawn = '';
  move(id, all[all.indexOf(id) + 1] ?? null);
});
panel.addEventListener('toggle', () => { drawn = ''; paint(); });
hear('queue', paint);
