// The Models page. It asks again every second while a model is on its way, and while it waits for this computer to be measured.
const list = $('.models'), questions = { remove: $('.removing'), release: $('.releasing'), change: $('.changing') }, pointing = $('.pointing'), mirror = $('.mirror');
const nodes = new Map();          // model id → its <li>
let all = [], timer = 0, turn = 0;

const size = bytes => { const gb = bytes / 1e9; return gb >= 1 ? gb.toFixed(gb < 10 ? 1 : 0) + ' GB' : Math.max(1, Math.round(bytes / 1e6)) + ' MB'; };
const far = seconds => seconds < 172800 ? duration(seconds) : say('days', { n: Math.round(seconds / 86400) });

function frame(model) {
  const li = make('li'), head = make('div', 'what'), side = make('div', 'having'), ground = make('ul', 'runs');
  li.dataset.id = model.id;
  const title = make('h3', '', model.name), state = make('span', 'badge');
  title.append(state);
  const from = make('p', 'from');
  from.append(...model.from.map(each => make('span', '', say('from_' + each))), make('span', 'licence', model.licence));
  head.append(title, make('p', 'note', pick(model.note)), from, ground);
  const bar = make('div', 'bar');
  bar.setAttribute('role', 'progressbar'); bar.setAttribute('aria-valuemin', '0'); bar.setAttribute('aria-valuemax', '100');
  bar.setAttribute('aria-label', model.name);
  bar.append(make('i'));
  const ways = make('select', 'ways');
  ways.setAttribute('aria-label', say('model_way'));
  ways.onchange = () => { ways.dataset.chosen = ways.value; paintModel(all.find(each => each.id === model.id)); };
  const buttons = make('div', 'buttons');
  const labels = { use: say('model_folder_have'), get: say('model_get'), pause: say('pause'), check: say('model_check'), release: say('model_release'), remove: say('preset_remove') };
  for (const name in labels) {
    const button = make('button', name === 'get' ? 'main' : name === 'remove' ? 'danger' : name === 'use' || name === 'release' ? 'quiet' : '', labels[name]);
    button.type = 'button'; button.dataset.act = name;
    buttons.append(button);
  }
  side.append(make('b', 'amount'), make('p', 'told'), ways, bar, buttons);
  li.append(head, side);
  return li;
}
function run(kind, told) {
  const li = make('li'), name = say('kind_' + kind);
  li.dataset.fits = told ? String(told.fits) : '';
  if (!told) { li.append(make('i'), make('b', '', name), make('span', '', say('measuring'))); return li; }
  const verdict = !told.fits ? say('model_fits_not') : told.seconds === null ? say('fits') : say('fits_time', { time: far(told.seconds) });
  li.append(make('i'), make('b', '', name + ' ' + told.size), make('span', '', verdict));
  li.append(make('small', '', pick(told.reason)));
  return li;
}
// The way that was begun comes first, else the best one for this computer, once it is known; what a person chose stays.
function offerWays(ways, model) {
  const order = model.ways.map(way => way.id).join(' ');
  if (ways.dataset.order === order) return;
  const taken = way => size(way.bytes) + (way.stays < way.bytes ? ' → ' + size(way.stays) : '');
  ways.replaceChildren(...model.ways.map(way => new Option(pick(way.name) + ' · ' + taken(way), way.id)));
  ways.dataset.order = order;
  if (ways.dataset.chosen) ways.value = ways.dataset.chosen;
}
const chosen = (model, ways) => model.ways.find(way => way.id === ways.value);
// Whether another way than the one begun is chosen.
const changes = (model, ways) => model.partly && chosen(model, ways) !== model.ways[0];
// What is in the way of getting it; '' where nothing is.
function lacking(model, way) {
  if (!model.disk) return say('model_no_disk', { folder: model.folder });
  return way.enough ? '' : say('model_no_room', { free: size(way.free) });
}
// One sentence on how the model stands, beside its amount. way: the chosen one to have it, none where it is here.
function standing(model, way) {
  const { download, check } = model;
  if (check && check.running) return say('model_checking');
  if (check && check.error) return whole({ message: check.error, advice: check.advice });
  if (check && check.freed !== null) return say('model_released', { size: size(check.freed) });
  if (check && check.damaged.length) {
    const [first, ...more] = check.damaged, files = more.length ? first + ' + ' + more.length : first;
    return model.installed ? say('model_damaged', { files }) : say('model_damaged_gone', { files });
  }
  if (download && download.stage !== 'done' && !model.installed) {
    const words = [say('stage_' + download.stage)];
    if (download.stage === 'fetching' && download.bytes_per_second) words.push(size(download.bytes_per_second) + '/s');
    if (download.active && download.seconds_left !== null) words.push(say('time_left', { time: far(download.seconds_left) }));
    if (download.error) words.push(pick(download.error), pick(download.advice));
    if (!download.active) words.push(lacking(model, way));
    return words.filter(Boolean).join(' · ');
  }
  if (model.built_in) return say('model_built_in');
  if (check && check.answered.otherwise.length) return say('model_otherwise', { experts: check.answered.otherwise.join(', ') });
  if (check) return say(check.answered.same.length ? 'model_answers' : 'model_whole');
  if (model.installed) return say(model.borrowed ? 'model_borrowed' : 'model_here');
  const lack = lacking(model, way);
  if (lack) return lack;
  if (!way.found) return say('model_away', { time: far(way.seconds) });
  return way.missing ? say('model_found_most', { size: size(way.missing) }) : say('model_found');
}
function paintModel(model) {
  const li = nodes.get(model.id), find = selector => li.querySelector(selector), { download, check } = model;
  const checking = Boolean(check) && check.running;
  const coming = Boolean(download) && download.stage !== 'done' && !model.installed, active = coming && download.active;
  const ways = find('.ways'), [first] = model.ways;
  offerWays(ways, model);
  const way = chosen(model, ways);
  li.dataset.state = model.installed ? 'here' : active ? 'coming' : coming && download.stage === 'failed' ? 'failed' : model.partly || coming ? 'partly' : 'away';
  find('.badge').textContent = model.installed ? say('model_installed') : '';
  find('.runs').replaceChildren(...Object.entries(model.runs).map(([kind, told]) => run(kind, told)));
  find('.amount').textContent = coming && download.of ? size(download.done) + ' / ' + size(download.of) : size(model.installed ? model.bytes : way.bytes);
  const told = standing(model, way);
  if (find('.told').textContent !== told) find('.told').textContent = told;
  find('.told').title = model.folder;
  const part = coming && download.of ? 100 * download.done / download.of : model.partly ? 100 * (1 - first.missing / first.bytes) : 0;
  find('.bar').hidden = model.installed || (!coming && !model.partly);
  find('.bar').setAttribute('aria-valuenow', Math.round(part));
  find('.bar i').style.transform = 'scaleX(' + part / 100 + ')';
  ways.hidden = model.ways.length < 2 || model.installed || active;
  find('[data-act=get]').hidden = model.installed || active;
  find('[data-act=get]').classList.toggle('main', Boolean(model.runs.preview && model.runs.preview.worthwhile));   // no invitation to what takes days
  find('[data-act=get]').disabled = Boolean(way) && !way.enough;
  find('[data-act=get]').textContent = say((model.partly || coming) && !changes(model, ways) ? 'go_on' : 'model_get');
  find('[data-act=pause]').hidden = !active;
  find('[data-act=use]').hidden = model.built_in || model.installed || active;
  find('[data-act=check]').hidden = model.built_in || !model.installed || checking;
  find('[data-act=release]').hidden = checking || model.releasable === null;
  find('[data-act=remove]').hidden = model.built_in || checking || !(model.installed || model.partly || coming);
}
function paint(told) {
  if (all.length) {
    const here = new Set(all.filter(each => each.installed).map(each => each.id));
    if (told.models.some(each => each.installed !== here.has(each.id))) trigger('changed', {});
  }
  all = told.models;
  for (const model of all) {
    if (!nodes.has(model.id)) { nodes.set(model.id, frame(model)); list.append(nodes.get(model.id)); }
    paintModel(model);
  }
  const computer = told.computer, facts = computer && { device: computer.device, vram: computer.vram_gb.toFixed(0), ram: computer.ram_gb.toFixed(0) };
  const here = !computer ? say('measuring') : computer.vram_gb ? say('computer_card', facts) : say('computer_bare', facts);
  $('.computer').textContent = here + ' · ' + say('disk_free', { free: size(told.free) });
  const address = mirror.querySelector('input');
  if (address.value === (mirror.dataset.address || '')) address.value = told.mirror;   // what somebody typed stays
  mirror.dataset.address = told.mirror;
  mirror.querySelector('summary').textContent = say('model_mirror', { address: told.mirror });
  const busy = !computer || all.some(each => each.download && each.download.active || each.check && each.check.running);
  clearTimeout(timer);
  if (busy && element.offsetParent) timer = setTimeout(look, 1000);
}
async function look() {
  clearTimeout(timer);
  const asked = ++turn, told = await server.look({});
  if (asked !== turn || !element.offsetParent) return;
  if (!told || told.problem) { timer = setTimeout(look, 3000); return; }
  paint(told);
}
async function act(name, id, asked = {}) {
  const mine = ++turn, told = await ask(server.act, { name, id, ...asked });
  if (mine === turn && told && told.models) paint(told); else look();
}
list.addEventListener('click', event => {
  const button = event.target.closest('[data-act]');
  if (!button) return;
  const li = button.closest('li[data-id]'), { id } = li.dataset, { act: name } = button.dataset, ways = li.querySelector('.ways');
  if (name === 'use') return point(id);
  const model = all.find(each => each.id === id), asked = name === 'get' && !ways.hidden ? { bundle: ways.value } : {};
  const kind = name === 'get' && changes(model, ways) ? 'change' : name, question = questions[kind];
  if (!question) return act(name, id, asked);
  const [begun] = model.ways, way = chosen(model, ways), told = {
    remove: () => [say('model_remove_sure', { name: model.name }), say('model_remove_hint')],
    release: () => [say('model_release_sure', { name: model.name }), say('model_release_hint', { size: size(model.releasable) })],
    change: () => [say('model_change_sure', { name: model.name, way: pick(way.name) }), say('model_change_hint', { size: size(begun.bytes - begun.missing), begun: pick(begun.name), way: pick(way.name) })],
  };
  [question.querySelector('h2').textContent, question.querySelector('p').textContent] = told[kind]();
  question.onclose = () => { if (question.returnValue === 'yes') act(name, id, asked); };
  question.returnValue = 'no';
  question.showModal();
});
// A folder that is here already; what is wrong with it is said beside what was typed.
function point(id) {
  pointing.dataset.id = id;
  pointing.querySelector('h2').textContent = say('model_folder_of', { name: all.find(each => each.id === id).name });
  pointing.querySelector('.wrong').textContent = '';
  pointing.showModal();
  pointing.querySelector('input').focus();
}
pointing.querySelector('form').addEventListener('submit', async event => {
  event.preventDefault();
  const told = await server.act({ name: 'use', id: pointing.dataset.id, folder: pointing.querySelector('input').value });
  const wrong = !told ? say('offline') : told.problem ? whole(told.problem) : '';
  pointing.querySelector('.wrong').textContent = wrong;
  if (!wrong) { pointing.close(); look(); }
});
pointing.querySelector('[type=button]').addEventListener('click', () => pointing.close());
async function come(address) {
  const told = await ask(server.act, { name: 'mirror', address });
  if (told && told.models) { paint(told); mirror.querySelector('input').value = told.mirror; mirror.open = false; }
}
mirror.querySelector('form').addEventListener('submit', event => { event.preventDefault(); come(mirror.querySelector('input').value); });
mirror.querySelector('.known').addEventListener('click', event => { const hub = event.target.closest('button'); if (hub) come(hub.value); });
new IntersectionObserver(entries => { if (entries.some(entry => entry.isIntersecting)) look(); else clearTimeout(timer); }).observe($('header'));
