/** The form of metrics and of their values. */

/** Labels of one value. */
export type MetricLabels = Readonly<Record<string, string>>;

/** One value of a metric. */
export interface MetricSample {
  /** Of the metric, in `metrics.ts`. */
  readonly name: string;
  readonly labels: MetricLabels;
  readonly value: number;
  /** Of histograms: `_bucket`, `_sum` or `_count`. */
  readonly suffix?: string;
}

/** What a metric means, and how CloudWatch shows it. */
export interface MetricRow {
  readonly name: string;
  /** For Prometheus and docs/reference/metrics.md. */
  readonly help: string;
  readonly kind: 'gauge' | 'counter' | 'histogram';
  readonly labels: readonly string[];
  /**
   * Sets of labels that CloudWatch keeps, because each combination costs money; values of the other
   * labels are combined.
   */
  readonly dimensions: readonly (readonly string[])[];
  /** How gauges are combined; counters are added, and values of histograms are kept. */
  readonly combine?: 'sum' | 'max' | 'min';
}
