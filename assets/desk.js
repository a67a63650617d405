// All that is live on the Create page: stage, actions, filmstrip. It asks the studio a few times a
// second (one small request, no connection held), so reload, second tab and restart re-attach by
// themselves. Words of the person are only ever written with textContent.
const { say, pick, translate, address, make, duration, toast, complain, whole, fidelity } = window.rushes;
translate(element);
const $ = selector => element.querySelector(selector);
const stage = $('.stage'), video = $('video'), still = $('.still'), film = $('.film');
const nodes = new Map();          // take id → its <li>
let glimpse = {};                 // how the take on the stage looked last, while it is made
let focus = null, sheet = null, revision = null, library = null, trouble, shown = null, turn = 0, acting = 0, timer = 0, lost = 0, measured = false, wasBusy = false;
try { focus = JSON.parse(sessionStorage.getItem('rushes-focus')); sheet = sessionStorage.getItem('rushes-sheet'); } catch { /* nothing kept */ }

function work(take) {
  const progress = take.progress;
  if (!progress) return say('work_start');
  if (progress.stage === 'sample' && progress.expert) return say('work_' + progress.expert);
  return say('work_' + progress.stage);
}
function middle(take) {
  if (take.state === 'queued') return [take.ahead ? say('ahead', { n: take.ahead }) : say('next_up'), ''];
  if (take.state === 'running') return [work(take), ''];
  if (take.state === 'failed') return [pick(take.error) || say('state_failed'), pick(take.advice)];
  if (take.state === 'interrupted') return [pick(take.error) || say('interrupted_line'), pick(take.advice)];
  if (take.state === 'paused') return [say('paused_line'), ''];
  if (take.state === 'cancelled') return [say('cancelled_line'), ''];
  if (take.state === 'finished' && !take.clip) return [say('gone_line'), ''];
  if (take.state === 'finished' && take.clip.trashed) return [say('trashed_line'), ''];
  return ['', ''];
}
function counted(take) {
  const progress = take.progress;
  if (take.state !== 'running' || !progress) return '';
  const words = [work(take)];
  if (progress.stage === 'sample' && progress.of) words.push(say('step', progress));
  if (progress.seconds_left !== null) words.push(say('time_left', { time: duration(progress.seconds_left) }));
  return words.join('  ·  ');
}
function paintStage(take) {
  const clip = take.clip && !take.clip.trashed ? take.clip : null;
  const playing = take.state === 'finished' && clip;
  stage.dataset.state = take.state === 'finished' && !clip ? 'gone' : take.state;
  stage.dataset.kind = take.kind || '';
  stage.dataset.take = take.id || '';
  $('.badge').textContent = !take.id ? '' : playing ? say('kind_' + take.kind) : say('state_' + take.state);
  $('.facts').textContent = take.id ? [...(take.look ? [pick(take.look)] : []), take.width + '×' + take.height, take.model, say('seed_line', take)].join('  ·  ') : '';
  const all = $('#all-looks');
  all.hidden = !take.sheet;
  if (take.sheet) { all.textContent = say('sheet_open', { n: take.sheet.looks }); all.dataset.group = take.sheet.group; }
  $('#versus').hidden = !(playing && take.parent);
  if (playing && take.parent) Object.assign($('#versus').dataset, { a: take.parent, b: clip.id });
  const [what, advice] = middle(take);
  $('.what').textContent = what;
  $('.advice').textContent = advice;
  $('#again').hidden = !take.again;
  const some = take.kept === 'some';
  $('#again').textContent = take.kept === 'all' ? say('decode_again') : say(some ? 'go_on' : 'again');
  $('#early').hidden = !some;
  $('#forget').hidden = !take.again;
  $('.count').textContent = counted(take);
  $('.bar i').style.transform = 'scaleX(' + (take.percent || 0) / 100 + ')';
  $('.bar').setAttribute('aria-valuenow', take.percent || 0);
  if (take.width) stage.style.setProperty('--shape', take.width / take.height);
  if (glimpse.take !== take.id) glimpse = { take: take.id, source: '' };
  if (take.progress && take.progress.glimpse) glimpse.source = address(take.progress.glimpse);   // not every step has one
  const poster = (take.state === 'running' && glimpse.source) || address(take.poster), source = playing ? address(clip.file) : '';
  stage.classList.toggle('hasstill', Boolean(poster));
  if (poster && still.getAttribute('src') !== poster) still.src = poster;
  if ((video.getAttribute('src') || '') !== source) {
    stage.classList.remove('shown');
    if (source) { video.src = source; video.play().catch(() => {}); } else { video.removeAttribute('src'); video.load(); }
  }
  $('#refine').disabled = !(playing && clip.can_refine);
  $('#another').disabled = $('#vary').disabled = !take.id;
  $('#reuse').disabled = !take.id;
  // Two buttons share each of two places: what is being made can be stopped, what is made can be kept or thrown away.
  stage.parentElement.dataset.live = String(['queued', 'running', 'paused'].includes(take.state));
  $('#keep').disabled = $('#discard').disabled = !playing;
  $('#keep').setAttribute('aria-pressed', String(Boolean(playing && clip.stars)));
  $('#pause').disabled = !['queued', 'running'].includes(take.state);
  $('#cancel').disabled = !['queued', 'running', 'paused'].includes(take.state);
  const save = $('#save');
  save.setAttribute('aria-disabled', String(!playing));
  if (playing) { save.href = source; save.download = clip.save_as; } else save.removeAttribute('href');
  window.rushes.stage = playing ? { id: clip.id, poster: take.poster } : null;
  const news = take.id + take.state;
  if (news !== shown) $('.aloud').textContent = [$('.badge').textContent, what, advice].join(' ');   // once per change, not per step
  shown = news;
}
// What this computer could run besides the built-in model; told on the empty stage only.
function paintWelcome(told) {
  $('.welcome').hidden = !told;
  if (told) $('.welcome span').textContent = told.name ? say('welcome_could', { name: told.name, size: Math.round(told.bytes / 1e9) + ' GB' }) : say('welcome_only');
}
function tag(take) {
  if (take.state === 'running') return take.percent + '%';
  return say(take.state === 'finished' ? 'kind_' + take.kind : 'state_' + take.state);
}
function frame() {
  const li = make('li'), take = make('button', 'take'), image = make('img'), kill = make('button', 'kill', '×');
  take.type = kill.type = 'button';
  image.alt = ''; image.loading = 'lazy'; image.decoding = 'async';
  const ring = make('span', 'ring'); ring.append(make('i'));
  take.append(image, ring, make('span', 'tag'), make('span', 'name'));
  li.append(take, kill);
  return li;
}
function paintStrip(takes) {
  const wanted = new Set(takes.map(take => take.id));
  for (const [id, li] of nodes) if (!wanted.has(id)) { li.remove(); nodes.delete(id); }
  takes.forEach((take, place) => {
    if (!nodes.has(take.id)) nodes.set(take.id, frame());
    const li = nodes.get(take.id), button = li.querySelector('.take'), image = li.querySelector('img'), poster = address(take.poster);
    if (film.children[place] !== li) film.insertBefore(li, film.children[place] || null);
    li.dataset.id = take.id; li.dataset.state = take.state; li.dataset.kind = take.kind;
    li.style.setProperty('--done', take.percent + '%');
    const name = pick(take.look) || take.name || say('untitled'), label = tag(take), live = ['queued', 'running'].includes(take.state);
    button.setAttribute('aria-current', String(take.id === focus));
    button.setAttribute('aria-label', label + ', ' + name);
    li.querySelector('.tag').textContent = label;
    li.querySelector('.name').textContent = name;
    li.querySelector('.kill').setAttribute('aria-label', say(live ? 'cancel' : 'forget'));
    if (poster) { if (image.getAttribute('src') !== poster) image.src = poster; } else image.removeAttribute('src');
  });
  $('.filmempty').hidden = takes.length > 0;
}
function paintStatus(told) {
  const status = document.querySelector('#status');
  if (!status) return;
  const words = told.running !== null ? [told.running ? say('status_running', { percent: told.running }) : say('status_starting')] : [told.busy ? say('status_starting') : say('status_ready')];
  if (told.waiting && told.running !== null) words.push(say('status_waiting', { n: told.waiting }));
  status.querySelector('.what').textContent = told.trouble ? say('status_trouble') : words.join(' · ');
  status.title = told.trouble ? whole(told.trouble) : '';
  status.dataset.bad = String(Boolean(told.trouble));
  status.dataset.busy = String(told.busy);
}
function apply(told) {
  lost = 0; element.classList.remove('offline');
  if (told.problem) complain(told.problem);
  const worker = 'measured' in told ? told.trouble?.message.en : trouble, moved = worker !== trouble;
  // The forecast in the form is better founded once the computer is measured, and after a render.
  if ((told.measured && !measured) || (wasBusy && told.busy === false) || moved) trigger('stale');
  if (moved || (told.measured && !measured)) { trouble = worker; revision = null; }
  measured = told.measured || measured; wasBusy = told.busy === undefined ? wasBusy : told.busy;
  if (told.same || !told.stage) return told.busy;
  const turned = focus !== told.focus;
  revision = told.revision; focus = told.focus;
  sessionStorage.setItem('rushes-focus', JSON.stringify(focus));
  paintStage(told.stage); paintWelcome(told.stage.welcome); paintStrip(told.takes); paintStatus(told); paintSheet(told.sheet);
  window.rushes.queue = told.queue; document.dispatchEvent(new CustomEvent('rushes-queue'));
  if (turned && nodes.get(focus)) nodes.get(focus).scrollIntoView({ block: 'nearest', inline: 'nearest' });
  if (told.library !== library) { library = told.library; document.dispatchEvent(new CustomEvent('rushes-library', { detail: library })); }
  return told.busy;
}
function keepSheet(group) {
  sheet = group;
  if (group) sessionStorage.setItem('rushes-sheet', group); else sessionStorage.removeItem('rushes-sheet');
}
// It may have been closed, or be gone, by the time it is told of.
function paintSheet(told) {
  const open = told && told.group === sheet ? told : null;
  if (!open) keepSheet(null);
  document.dispatchEvent(new CustomEvent('rushes-sheet', { detail: open }));
}
// Gradio gives undefined where the studio could not be reached.
function answered(told) {
  if (!told) throw new Error('no answer');
  return told;
}
function goneAway() {
  element.classList.add('offline');
  const status = document.querySelector('#status');
  status.querySelector('.what').textContent = say('status_offline');
  status.dataset.bad = 'true'; status.dataset.busy = 'false';
}
async function poll() {
  clearTimeout(timer);
  if (acting) return;                                 // the action asks again after its own answer
  let busy = false;
  const asked = ++turn;
  try {
    const told = answered(await server.poll({ revision, focus, sheet }));
    busy = asked === turn ? apply(told) : true;       // an action that came later has the newer answer
  } catch { lost += 1; if (lost > 1) goneAway(); revision = null; }
  clearTimeout(timer);
  timer = setTimeout(poll, document.hidden ? 4000 : lost ? Math.min(5000, 400 * 2 ** lost) : busy ? 350 : 2000);
}
// more: another take than the one on the stage as `id`, or the `group` that all of it is about. Gives whether it was done.
async function act(name, more = {}) {
  const asked = ++turn;
  let done = false;
  acting += 1;
  try {
    const told = answered(await server.act({ name, id: focus, sheet, fidelity: Number($('.fidelity input').value), ...more }));
    if (asked === turn) apply(told);
    else if (told.problem) complain(told.problem);    // the person looks elsewhere by now
    done = !told.problem;
  } catch { goneAway(); }
  acting -= 1;
  poll();
  return done;
}
function look(id) { turn += 1; focus = id; revision = null; poll(); }
function openSheet(group) { turn += 1; keepSheet(group); revision = null; poll(); }

document.addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
document.addEventListener('rushes-look', event => look(event.detail));
document.addEventListener('rushes-act', event => act(event.detail.name, { stage: focus, ...event.detail }));
document.addEventListener('rushes-open-sheet', event => { if (event.detail !== sheet) openSheet(event.detail); });
document.addEventListener('rushes-sheet-asked', () => { if (sheet) openSheet(sheet); });
video.addEventListener('loadeddata', () => stage.classList.add('shown'));
video.addEventListener('timeupdate', () => {
  if (!video.duration) return;
  $('.transport input').value = 1000 * video.currentTime / video.duration;
  $('.time').textContent = video.currentTime.toFixed(1) + ' / ' + video.duration.toFixed(1) + ' s';
});
for (const name of ['play', 'pause']) video.addEventListener(name, () => stage.classList.toggle('paused', video.paused));
const toggle = () => video.paused ? video.play() : video.pause();
video.addEventListener('click', toggle);
$('#play').addEventListener('click', toggle);
$('.full').addEventListener('click', () => document.fullscreenElement ? document.exitFullscreen() : $('.viewport').requestFullscreen());
$('.transport input').addEventListener('input', event => { video.pause(); if (video.duration) video.currentTime = video.duration * event.target.value / 1000; });

fidelity($('.fidelity'));

// Undoing follows the take, wherever the person looks by then.
async function discard() {
  const id = focus;
  if (await act('trash')) toast(say('trashed'), { action: say('undo'), run: () => act('restore', { id, stage: focus }) });
}
$('#discard').addEventListener('click', discard);
$('#keep').addEventListener('click', () => act('star'));
for (const name of ['refine', 'another', 'vary', 'pause', 'cancel', 'again', 'early', 'forget']) $('#' + name).addEventListener('click', () => act(name));
$('#all-looks').addEventListener('click', event => openSheet(event.target.dataset.group));
$('#versus').addEventListener('click', event => { video.pause(); document.dispatchEvent(new CustomEvent('rushes-compare', { detail: { ...event.target.dataset } })); });
$('#reuse').addEventListener('click', () => { trigger('reuse', { take: focus }); toast(say('recipe_used')); });
$('.welcome button').addEventListener('click', () => trigger('models', {}));
$('.samples').addEventListener('click', event => { if (event.target.matches('button')) trigger('sample', { text: event.target.textContent }); });
film.addEventListener('click', event => {
  const li = event.target.closest('li');
  if (!li) return;
  const id = Number(li.dataset.id), live = ['queued', 'running'].includes(li.dataset.state);
  if (event.target.closest('.kill')) act(live ? 'cancel' : 'forget', { id });
  else look(id);
});
film.addEventListener('keydown', event => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  walk(step)?.querySelector('.take').focus();
});
// The take beside the one on the stage comes onto it.
function walk(step) {
  const at = [...film.children].findIndex(li => Number(li.dataset.id) === focus), next = film.children[at + step];
  if (next) { look(Number(next.dataset.id)); next.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }
  return next;
}
document.addEventListener('keydown', event => {
  const at = event.target;
  if (!element.offsetParent || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector('dialog[open], :popover-open .line') || at.matches('input, textarea, select, video, [role=radio], [role=checkbox], [role=slider], [role=tab], [role=option]')) return;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], press = { s: '#keep', Delete: '#discard' }[event.key];
  if (step && walk(step)) event.preventDefault();
  else if (press && !$(press).disabled) { event.preventDefault(); $(press).click(); }
});
// Python hands over the state after Preview was pressed, or what is wrong.
watch('value', () => { const told = props.value; if (told && ('stage' in told || told.problem)) { turn += 1; if (told.sheet) keepSheet(told.sheet.group); apply(told); poll(); } });
poll();
