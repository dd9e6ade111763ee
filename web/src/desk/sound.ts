// A short tone for what must not be missed. Browsers play none before the page was clicked or typed in: logging in is that.

const KEPT = 'hotline-desk-silent';
const LASTS = 0.25; // seconds
const VOLUME = 0.15;

let audio: AudioContext | undefined;

export const silent = (): boolean => localStorage.getItem(KEPT) === '1';

export function silence(wanted: boolean): void {
  if (wanted) localStorage.setItem(KEPT, '1');
  else localStorage.removeItem(KEPT);
}

// Two rising tones for a customer who waits or an alarm, one for a word in a talk that is not looked at.
export function ring(tones: number[] = [660, 880]): void {
  if (silent()) return;
  audio ??= new AudioContext();
  void audio.resume();
  tones.forEach((pitch, index) => {
    const begin = audio!.currentTime + index * LASTS;
    const tone = new OscillatorNode(audio!, { frequency: pitch });
    const volume = new GainNode(audio!, { gain: VOLUME });
    volume.gain.setValueAtTime(VOLUME, begin);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + LASTS);
    tone.connect(volume).connect(audio!.destination);
    tone.start(begin);
    tone.stop(begin + LASTS);
  });
}
