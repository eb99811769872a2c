import { showCoverage, showSnapshots } from './bars.js';
import { Changes } from './changes.js';
import { byId, setAttributes, setText } from './dom.js';
import { time } from './format.js';
import { showHeadline } from './headline.js';
import { showLetters } from './letters.js';
import { Plots } from './plots.js';
import { Way } from './way.js';

/** @import { PageEvents } from '../src/metrics/page/page-events.ts' */

/** A page that nobody sees lets go of its connection after this time. */
const UNSEEN_MS = 10_000;
const RETRY_MS = 2_000;

/** Hears the events while somebody looks, and shows them. */
class Page {
  #way = new Way();
  #plots = new Plots();
  #changes = new Changes();
  /** @type {EventSource | null} */
  #events = null;
  #version = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #leaving;
  #isPaused = false;

  start() {
    const button = byId('pause');
    button.addEventListener('click', () => {
      this.#isPaused = !this.#isPaused;
      setAttributes(button, { 'aria-pressed': String(this.#isPaused) });
      document.body.classList.toggle('paused', this.#isPaused);
      if (this.#isPaused) this.#disconnect('paused', `Paused at ${time(new Date().toISOString())}`);
      else this.#connect();
    });
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.#leaving);
      if (document.hidden)
        this.#leaving = setTimeout(() => this.#disconnect('connecting', 'Not looked at'), UNSEEN_MS);
      else if (!this.#isPaused) this.#connect();
    });
    this.#connect();
  }

  #connect() {
    if (this.#events !== null) return;
    this.#link('connecting', 'Connecting');
    const events = new EventSource('/events');
    this.#events = events;
    this.#hear('past', (past) => {
      this.#version = past.version;
      this.#plots.begin(past);
    });
    this.#hear('now', (report) => {
      this.#link('live', 'Live');
      showHeadline(report);
      this.#way.show(report);
      this.#plots.show(report);
      showSnapshots(report);
      showCoverage(report);
      setText(byId('process'), `Freshet ${this.#version}, running since ${time(report.startedAt)}`);
      document.body.dataset['at'] = report.at;
    });
    this.#hear('letters', showLetters);
    this.#hear('changes', (changes) => this.#changes.add(changes));
    events.addEventListener('error', () => {
      this.#disconnect('lost', 'Connection lost: these are the last figures');
      setTimeout(() => {
        if (!this.#isPaused && !document.hidden) this.#connect();
      }, RETRY_MS);
      // Where the session has ended, the page leads to the form that asks for the token.
      fetch('/status', { method: 'HEAD' }).then(
        ({ status }) => status === 401 && location.reload(),
        () => {},
      );
    });
  }

  /**
   * @template {keyof PageEvents} Name
   * @param {Name} name
   * @param {(data: PageEvents[Name]) => void} show
   */
  #hear(name, show) {
    this.#events?.addEventListener(name, ({ data }) => {
      const text = /** @type {string} */ (data);
      show(/** @type {PageEvents[Name]} */ (JSON.parse(text)));
    });
  }

  /**
   * @param {string} state
   * @param {string} text
   */
  #disconnect(state, text) {
    this.#events?.close();
    this.#events = null;
    this.#link(state, text);
  }

  /**
   * @param {string} state
   * @param {string} text
   */
  #link(state, text) {
    // A retry that does not succeed leaves the news of the loss where it is.
    const link = byId('link');
    if (state === 'connecting' && link.dataset['state'] === 'lost') return;
    setAttributes(link, { 'data-state': state });
    setText(byId('link-text'), text);
  }
}

new Page().start();
