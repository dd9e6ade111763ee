// One chart: ECharts with only the parts that the page uses. Drawn as SVG, which stays sharp in print.

import { BarChart, HeatmapChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use, type ECharts, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'preact/hooks';

use([BarChart, LineChart, HeatmapChart, GridComponent, TooltipComponent, LegendComponent, VisualMapComponent, AriaComponent, SVGRenderer]);

export type Option = EChartsCoreOption;
export interface Picked { name: string; index: number; data: unknown }

export const blue = '#0a5fb8';
export const pale = '#9db8d6';
export const green = '#0b7a4b';
export const red = '#b3261e';
const PRINTED = 680; // pixels across an A4 page within its margins

const common: Option = {
  animation: false,
  aria: { enabled: true },
  // As in reports.css, by name: texts are measured before they are drawn, and nothing can be inherited there.
  textStyle: { fontFamily: '"PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif' },
  // The page's policy allows no style in markup: the tip is drawn, not built of HTML.
  tooltip: { trigger: 'axis', renderMode: 'richText', confine: true },
  grid: { left: 8, right: 12, top: 32, bottom: 4, containLabel: true },
};

export function Chart({ option, height, label, onPick }: { option: Option; height: number; label: string; onPick?: (picked: Picked) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>();
  const pick = useRef(onPick);
  pick.current = onPick;

  useEffect(() => {
    const made = init(box.current!, undefined, { renderer: 'svg' });
    chart.current = made;
    made.on('click', (event) => pick.current?.({ name: event.name, index: event.dataIndex ?? 0, data: event.data }));
    const fit = () => made.resize({ width: 'auto', height: 'auto' });
    const seen = new ResizeObserver(fit);
    seen.observe(box.current!);
    const print = () => {
      made.resize({ width: box.current!.closest('.half') ? PRINTED / 2 - 24 : PRINTED });
      made.getZr().refreshImmediately(); // no frame is drawn any more before the page is printed
    };
    addEventListener('beforeprint', print);
    addEventListener('afterprint', fit);
    return () => {
      removeEventListener('beforeprint', print);
      removeEventListener('afterprint', fit);
      seen.disconnect();
      made.dispose();
    };
  }, []);

  useEffect(() => {
    chart.current!.setOption({ ...common, ...option, aria: { enabled: true, label: { description: label } } }, true);
  }, [option, label]);

  useEffect(() => {
    box.current!.style.height = `${height}px`;
    chart.current!.resize({ height });
  }, [height]);

  return <div class={onPick ? 'chart picks' : 'chart'} ref={box} />;
}

const category = (labels: string[]) => ({ type: 'category', data: labels, axisTick: { show: false } });
const numbers = { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: '#e6ebf1' } } };

/** Bars that lie, the first row on top. */
export const lying = (labels: string[], values: number[], name: string): Option => ({
  grid: { left: 8, right: 64, top: 4, bottom: 4, containLabel: true },
  xAxis: { ...numbers, show: false },
  yAxis: { ...category(labels), inverse: true, axisLine: { show: false }, axisLabel: { width: 120, overflow: 'truncate' } },
  series: [{ type: 'bar', name, data: values, barMaxWidth: 18, itemStyle: { color: blue, borderRadius: [0, 3, 3, 0] }, label: { show: true, position: 'right', formatter: ({ value }: { value: number }) => value.toLocaleString('zh-CN') } }],
});

/** Bars that stand. */
export const standing = (labels: string[], values: number[], name: string): Option => ({
  xAxis: category(labels),
  yAxis: numbers,
  grid: { left: 8, right: 12, top: 16, bottom: 4, containLabel: true },
  series: [{ type: 'bar', name, data: values, barMaxWidth: 26, itemStyle: { color: blue, borderRadius: [3, 3, 0, 0] } }],
});

/** Two kinds of the same, one on the other, lying. */
export const stacked = (labels: string[], parts: { name: string; values: number[]; color: string }[]): Option => ({
  legend: { top: 0, right: 0, itemWidth: 12, itemHeight: 12 },
  xAxis: { ...numbers, show: false },
  yAxis: { ...category(labels), inverse: true, axisLine: { show: false }, axisLabel: { width: 120, overflow: 'truncate' } },
  grid: { left: 8, right: 24, top: 30, bottom: 4, containLabel: true },
  series: parts.map(({ name, values, color }) => ({ type: 'bar', stack: 'all', name, data: values, barMaxWidth: 18, itemStyle: { color } })),
});

/** Conversations as bars, those of the period before as a dashed line, the contained share on an axis of its own. */
export const traffic = (labels: string[], now: number[], before: (number | null)[], share: (number | null)[], names: [string, string, string]): Option => ({
  legend: { top: 0, left: 0, itemWidth: 16, itemHeight: 10 },
  xAxis: category(labels),
  yAxis: [numbers, { type: 'value', min: 0, max: 100, axisLabel: { formatter: '{value}%' }, splitLine: { show: false } }],
  grid: { left: 8, right: 8, top: 40, bottom: 4, containLabel: true },
  series: [
    { type: 'bar', name: names[0], data: now, barMaxWidth: 26, itemStyle: { color: blue, borderRadius: [3, 3, 0, 0] } },
    { type: 'line', name: names[1], data: before, symbol: 'none', lineStyle: { type: 'dashed', color: '#7a8798', width: 1.5 }, itemStyle: { color: '#7a8798' } },
    { type: 'line', name: names[2], yAxisIndex: 1, connectNulls: false, symbolSize: 4, tooltip: { valueFormatter: (one: unknown) => (one == null ? '—' : `${one}%`) }, data: share.map((one) => (one == null ? null : Math.round(one * 1000) / 10)), lineStyle: { color: green, width: 1.5 }, itemStyle: { color: green } },
  ],
});

/** Weekdays by hours; every field is [hour, weekday, agents, expected]. */
export const week = (fields: number[][], weekdays: string[], hours: string[], tip: (field: number[]) => string): Option => ({
  tooltip: { renderMode: 'richText', confine: true, formatter: (item: { data: number[] }) => tip(item.data) },
  grid: { left: 8, right: 8, top: 8, bottom: 4, containLabel: true },
  xAxis: { type: 'category', data: hours, axisTick: { show: false }, splitArea: { show: true } },
  yAxis: { type: 'category', data: weekdays, inverse: true, axisTick: { show: false }, splitArea: { show: true } },
  visualMap: { show: false, min: 0, max: Math.max(1, ...fields.map((field) => field[2] ?? 0)), dimension: 2, inRange: { color: ['#ffffff', '#cfe2f6', '#0a5fb8'] } },
  series: [{ type: 'heatmap', data: fields, label: { show: true, fontSize: 10, formatter: (item: { data: number[] }) => String(item.data[2] || '') } }],
});
