"""The dashboard: `streamlit run app/dashboard.py`. It renders papers, demos and results; it computes nothing."""
