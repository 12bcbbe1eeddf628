using Microsoft.ML;
using Microsoft.ML.Data;
using Slipway.Core.Tensors;

namespace Slipway.Platform.Pipelines.Trainers;

/// <summary>
/// A feature matrix as ML.NET reads it: the columns <c>Features</c>, one vector per row, and, where there are labels,
/// <c>Label</c>. A row is one span copy; nothing is boxed or bound by reflection.
/// </summary>
/// <param name="missingAs">What ML.NET sees where a value is missing; NaN to leave it to ML.NET.</param>
/// <param name="cancel">Makes the reading of rows throw, the only place where ML.NET lets go.</param>
internal sealed class RowsView(FeatureMatrix rows, bool[]? labels, float missingAs, CancellationToken cancel) : IDataView
{
    public const string Features = "Features";
    public const string Label = "Label";

    public DataViewSchema Schema { get; } = SchemaOf(rows.Names.Count, labels is not null);

    public bool CanShuffle => false;

    public long? GetRowCount() => rows.Rows;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, [.. columnsNeeded.Select(column => column.Index)]);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private static DataViewSchema SchemaOf(int features, bool labelled)
    {
        var schema = new DataViewSchema.Builder();
        schema.AddColumn(Features, new VectorDataViewType(NumberDataViewType.Single, features));
        if (labelled)
        {
            schema.AddColumn(Label, BooleanDataViewType.Instance);
        }

        return schema.ToSchema();
    }

    private void ReadFeatures(long row, ref VBuffer<float> into)
    {
        var editor = VBufferEditor.Create(ref into, rows.Names.Count);
        rows.Row((int)row).CopyTo(editor.Values);
        if (!float.IsNaN(missingAs))
        {
            foreach (ref var value in editor.Values)
            {
                value = float.IsNaN(value) ? missingAs : value;
            }
        }

        into = editor.Commit();
    }

    private bool LabelAt(long row) => labels![row];

    private void ThrowIfCancelled() => cancel.ThrowIfCancellationRequested();

    private sealed class Cursor(RowsView view, HashSet<int> active) : DataViewRowCursor
    {
        private long position = -1;

        public override long Position => position;

        public override long Batch => 0;

        public override DataViewSchema Schema => view.Schema;

        public override bool MoveNext()
        {
            if (position % 4096 == 0)
            {
                view.ThrowIfCancelled();
            }

            position = position + 1 < view.GetRowCount() ? position + 1 : -1;
            return position >= 0;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref id) => id = new DataViewRowId((ulong)position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            Delegate getter = column.Name == Features
                ? new ValueGetter<VBuffer<float>>((ref value) => view.ReadFeatures(position, ref value))
                : new ValueGetter<bool>((ref value) => value = view.LabelAt(position));
            return getter as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"Column '{column.Name}' does not hold {typeof(TValue)}.");
        }
    }
}
